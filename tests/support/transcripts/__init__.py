"""Recorded exchanges with real gateways, byte for byte, and what the site has to read in them.

`expected.toml` has an entry for every file. Answers are compared with what the Decoder makes of the
body, errors (status 400 and above) with what `upstream.gateway_errors.refusal` makes of it.
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
    """One recorded exchange: `name` is its file's, `asked` the request's JSON, `status`, `headers`
    and `body` the answer's, `expected` its entry in expected.toml."""

    name: str
    status: int
    headers: dict[str, str]
    body: bytes
    asked: dict
    expected: dict


def read(path: Path) -> Transcript:
    """Return the Transcript in the file `path`."""
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
    """Return the JSON body of the recorded `request`; {} if it has none."""
    body = request.partition(b"\n\n")[2].strip()
    try:
        return json.loads(body)
    except ValueError:
        return {}


@cache
def expectations() -> dict[str, dict]:
    """Return expected.toml: what is expected of each Transcript, by its name."""
    return tomllib.loads((FOLDER / "expected.toml").read_text())


def transcripts() -> list[Transcript]:
    """Return all Transcripts, sorted by their files' paths."""
    return [read(path) for path in sorted(FOLDER.rglob("*.txt"))]
