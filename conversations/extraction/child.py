"""Child process that reads one file: `python -m conversations.extraction.child [pages]`.

Its standard input is the file, seekable. Its standard output is, in this order: a line of JSON, and
the re-encoded pictures, if any, one after the other. The JSON is `{"finding": …, "network": …}`
(a Finding's fields, and how the network is closed) or `{"refusal": code}`. With `pages` the file is
a scanned PDF, of whose pages the pictures are taken: `{"findings": [finding, …], "network": …}`.
"""

import contextlib
import ctypes
import encodings.cp1252
import encodings.idna
import encodings.latin_1
import encodings.utf_16
import encodings.utf_16_be
import encodings.utf_16_le  # noqa: F401 (loaded before files may no longer be opened)
import io
import json
import os
import resource
import signal
import sys

from . import identify
from .finding import Refusal
from .limits import MEMORY, OUTPUT, PROCESSOR_SECONDS
from .no_network import close_network

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Read the file on standard input; write the JSON answer and the pictures to standard output,
    in the format that the module describes. The entry point of the child process."""
    pictures = io.BytesIO()
    answer: dict[str, object]
    try:
        # Not closed: the file is the parent's.
        file = open(0, "rb", closefd=False)
        # Modules are imported before files may no longer be opened.
        if sys.argv[1:] == ["pages"]:
            from . import pdf

            network = _confine()
            found = [finding.as_json() for finding in pdf.write_pages(file, pictures)]
            answer = {"findings": found, "network": network}
        else:
            read = identify.reader_of(file)
            network = _confine()
            answer = {"finding": read(file, pictures).as_json(), "network": network}
    except Refusal as refusal:
        answer = {"refusal": refusal.code}
    except MemoryError:
        answer = {"refusal": "too_large"}
    except RecursionError:
        answer = {"refusal": "broken"}
    with open(1, "wb", closefd=False) as output:
        # Escaped: half surrogates would not be UTF-8.
        output.write(json.dumps(answer).encode() + b"\n")
        output.write(pictures.getbuffer())


def _confine() -> str:
    """Limit memory, processor time and output of this process, and close its network; return the
    name of the way in which the network was closed (see `close_network`)."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    # The process that asked is gone: nobody waits for the answer.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if hasattr(os, "sched_setaffinity"):
        # A worker of the server is tied to one processor, which this process must not share.
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
    with contextlib.suppress(OSError):
        os.nice(5)
    # Not every system has limits on address space.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return close_network()


if __name__ == "__main__":
    main()
