"""Answers of real servers, as they stood on the wire, and what they are to be read as.

`expected.toml` has an entry for every file; those of answers are compared with what the
decoder makes of the body, those of refusals (status 400 and above) with what `refusal` does.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Transcript:
    """One exchange."""

    name: str
    status: int
    headers: dict[str, str]
    body: bytes
    asked: dict
    expected: dict


def read(path: Path) -> Transcript:
    """Read one file: the request, the head of the answer, its framing, its body."""
    raw = path.read_bytes()
    request, rest = raw.split(b"\n### RESPONSE HEAD\n")
    head, rest = rest.split(b"\n### FRAMING\n")
    framing, body = rest.split(b"\n### BODY\n", 1)
    size = int(re.search(rb"body (\d+) bytes", framing)[1])
    status_line, *lines = head.decode().splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    name = str(path.relative_to(FOLDER)).removesuffix(".txt")
    return Transcript(
        name=name,
        status=int(status_line.split()[1]),
        headers=headers,
        body=body[:size],
        asked=_asked(request),
        expected=expectations().get(name, {}),
    )


def _asked(request: bytes) -> dict:
    body = request.partition(b"\n\n")[2].strip()
    try:
        return json.loads(body)
    except ValueError:
        return {}


@cache
def expectations() -> dict[str, dict]:
    """Give the table: the name of a file without its ending, and what is expected of it."""
    return tomllib.loads((FOLDER / "expected.toml").read_text())


def transcripts() -> list[Transcript]:
    """Give all of them, in order."""
    return [read(path) for path in sorted(FOLDER.rglob("*.txt"))]
