"""Starter of the child process that reads files: runs it and parses its answer; called by the
site."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .finding import REFUSALS, Finding, Refusal
from .limits import OUTPUT, WALL_SECONDS

ROOT = Path(__file__).resolve().parents[2]
# Environment variables passed to the child; the others may hold secrets.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
_LONGEST_ANSWER = 16_000_000  # bytes of its JSON


@dataclass(slots=True)
class Extract:
    """Result of reading one file: its Finding, and the open temporary file `output` with the
    re-encoded pictures, which begin at `offset` (bytes). `network` says how the child's network was
    closed ("seccomp" …, see no_network.py).

    Close it, or use it as a context manager.
    """

    finding: Finding
    output: IO[bytes]
    offset: int
    network: str

    @property
    def large(self) -> bytes:
        """Return the bytes of the large picture, which is for models; b"" if the file is no
        picture."""
        self.output.seek(self.offset)
        return self.output.read(self.finding.large)

    @property
    def small(self) -> bytes:
        """Return the bytes of the small picture, which is for pages; b"" if the file is no
        picture."""
        self.output.seek(self.offset + self.finding.large)
        return self.output.read(self.finding.small)

    def close(self) -> None:
        """Close the temporary file, which deletes it."""
        self.output.close()

    def __enter__(self) -> "Extract":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def read_file(file: IO[bytes], folder: Path, seconds: float = WALL_SECONDS) -> Extract:
    """Read `file` (an open file with a file descriptor) in a child process; return the Extract. The
    child's output is a temporary file in `folder`.

    Blocks for up to `seconds`. Raise Refusal if the file is not accepted or the child ran into a
    limit, OSError if it could not be started.
    """
    output = _run(file, folder, seconds)
    with _closed_on_error(output):
        answer, offset = _answer(output)
        return Extract(Finding(**answer["finding"]), output, offset, str(answer["network"]))


def read_pages(file: IO[bytes], folder: Path, seconds: float = WALL_SECONDS) -> list[Extract]:
    """Extract the pictures of the first pages of `file`, a scanned PDF, in a child process; return
    a list of Extracts, one for each page with a readable picture. They share one temporary file in
    `folder`: close each of them.

    Blocks for up to `seconds`. Raise Refusal if the file is not accepted or the child ran into a
    limit, OSError if it could not be started.
    """
    output = _run(file, folder, seconds, "pages")
    with _closed_on_error(output):
        answer, offset = _answer(output)
        extracts = []
        for fields in answer["findings"]:
            finding = Finding(**fields)
            extracts.append(Extract(finding, output, offset, str(answer["network"])))
            offset += finding.large + finding.small
        if not extracts:
            output.close()
        return extracts


@contextlib.contextmanager
def _closed_on_error(output: IO[bytes]) -> Iterator[None]:
    """Context manager: close the file `output`, a child process's answer, if an exception is raised
    within it. Those that a malformed answer leads to (ValueError, TypeError, KeyError,
    AttributeError) become Refusal ("unreadable")."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        output.close()
        raise Refusal("unreadable") from error
    except BaseException:
        output.close()
        raise


def _run(file: IO[bytes], folder: Path, seconds: float, *arguments: str) -> IO[bytes]:
    """Run the child process with `file` as its standard input until it ends, for at most `seconds`;
    return its output, an open temporary file in `folder`. `arguments` are words of its command
    line. Raise Refusal if it ran into a limit or failed."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    file.flush()
    output = tempfile.TemporaryFile(dir=folder)
    with _closed_on_error(output):
        child = subprocess.Popen(  # noqa: S603 (nothing in it comes from outside)
            [sys.executable, "-m", f"{__package__}.child", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=file.fileno(),
            stdout=output.fileno(),
            stderr=subprocess.DEVNULL,
        )
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Refusal("too_long") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            raise Refusal("too_long")
        if status == -signal.SIGXFSZ or output.seek(0, os.SEEK_END) > OUTPUT:
            raise Refusal("too_large")
        if status != 0:
            raise Refusal("unreadable")
    return output


def _answer(output: IO[bytes]) -> tuple[dict, int]:
    """Parse the child's `output` (an open file); return `(answer, offset)`: the JSON as a dict, and
    the position in bytes where the pictures begin. Raise Refusal if the child refused the file,
    ValueError for an incomplete answer."""
    output.seek(0)
    line = output.readline(_LONGEST_ANSWER)
    if not line.endswith(b"\n"):
        raise ValueError("the answer is not whole")
    answer = json.loads(line)
    if "refusal" in answer:
        code = answer["refusal"]
        raise Refusal(code if code in REFUSALS else "unreadable")
    return answer, len(line)
