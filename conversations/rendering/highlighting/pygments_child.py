"""Child process that highlights code: one job after the other, each limited in processor time.

`python -m conversations.rendering.highlighting.pygments_child PROCESSORS` reads jobs from its
standard input and answers on its standard output, one line of JSON each. PROCESSORS: the numbers of
the processors it may run on, separated by commas. A job is `{"code": …, "lexer": …, "limit": …}`:
the lexer by Pygments' name, the limit in seconds of processor time. Its answer is `{"html": …,
"seconds": …}`: the escaped code with a <span> around each highlighted token, null if it was not
highlighted, and the processor time used. The process ends when its input ends, when it is idle for
IDLE_SECONDS, and when it has used too much memory.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from html import escape
from time import process_time

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import _TokenType, string_to_tokentype

from conversations.rendering.code_box import CLASSES
from conversations.rendering.highlighting.limits import MEMORY

# After so long without a job the process ends, to free its memory; the next job starts another.
IDLE_SECONDS = 300
# The process also ends where its memory exceeds this, by large jobs or many lexers.
KEPT_KILOBYTES = 128 * 1024
PR_SET_PDEATHSIG = 1

_classes = {string_to_tokentype(name): css_class for name, css_class in CLASSES.items()}


class TooLong(BaseException):
    """Raised in a job that has used up its processor time. No subclass of Exception, so that no
    lexer catches it."""


def main() -> None:
    """Answer jobs until the input ends, none has come for IDLE_SECONDS, or too much memory is in
    use."""
    _confine()
    jobs, answers = os.fdopen(0, "rb"), os.fdopen(1, "wb")
    while select.select([jobs], [], [], IDLE_SECONDS)[0]:
        line = jobs.readline()
        if not line:
            return
        answers.write(json.dumps(_answer(json.loads(line))).encode() + b"\n")
        answers.flush()
        if _kilobytes() > KEPT_KILOBYTES:
            return


def _kilobytes() -> int:
    """Return the resident memory of this process in kB."""
    try:
        with open("/proc/self/statm") as pages:
            return int(pages.read().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        # Without Linux's files: the most it ever had. Linux would count the memory that the parent
        # had when it started this process, which may be above the limit from the beginning.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _confine() -> None:
    """Prepare this process: undo the signal mask and the processor affinity inherited from the
    server's worker, have Linux kill it when the worker ends, and limit its address space to MEMORY
    bytes."""
    # A worker holds signals back while it starts, and Ctrl-C is for the server.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _stop)
    # The end of the input says that the worker is gone, but only between two jobs.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if hasattr(os, "sched_setaffinity"):
        # A worker of the server is tied to one processor, which this process must not share.
        with contextlib.suppress(OSError, ValueError):
            os.sched_setaffinity(0, map(int, sys.argv[1].split(",")))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _stop(*_signal: object) -> None:
    """Handle the timer's signal: raise TooLong."""
    raise TooLong


def _answer(job: dict) -> dict:
    """Do the job (a dict with `code`, `lexer` and `limit`, in seconds of processor time) and return
    its answer: a dict with `html`, the highlighted code or None, and `seconds`, the processor time
    used."""
    # Loading a lexer takes time of its own, once.
    lexer = _lexer_class(job["lexer"])(stripnl=False, ensurenl=False)
    began = process_time()
    html = None
    # What does not heed the timer (Python's regular expressions do) is killed by this limit, which
    # counts whole seconds; it is moved for each job, since it counts from the start.
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(began + job["limit"]) + 2, most))
    try:
        # A timer of this process's own time.
        signal.setitimer(signal.ITIMER_PROF, job["limit"], job["limit"] / 10)
        try:
            tokens = list(lexer.get_tokens(job["code"]))
            # Those of sessions (console, sqlite3) leave out a last line without a line end.
            if "".join(text for _kind, text in tokens) == job["code"]:
                html = "".join(_spans(tokens))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TooLong:
        signal.setitimer(signal.ITIMER_PROF, 0)
        html = None
    except Exception:  # noqa: BLE001, RUF100 (a lexer's mistake, too deep for it, or no memory)
        html = None
    return {"html": html, "seconds": process_time() - began}


def _spans(tokens: Iterable[tuple[_TokenType, str]]) -> Iterable[str]:
    """Yield pieces of HTML for `tokens`, Pygments' pairs of type and text, with neighbours of the
    same CSS class in one <span>."""
    current: str | None = None
    texts: list[str] = []
    for kind, text in tokens:
        name = _class(kind)
        if name != current and texts:
            yield _span(current, "".join(texts))
            texts = []
        current = name
        texts.append(text)
    if texts:
        yield _span(current, "".join(texts))


def _span(name: str | None, text: str) -> str:
    """Return `text` escaped, in a <span> with the class `name` unless that is None or the text is
    blank."""
    escaped = escape(text, quote=False)
    return f'<span class="{name}">{escaped}</span>' if name and text.strip() else escaped


@lru_cache(maxsize=500)
def _class(kind: _TokenType) -> str | None:
    """Return the CSS class of a token type or of its nearest parent with one, None if it is not
    highlighted."""
    while kind not in _classes:
        kind = kind.parent
    return _classes[kind]


@cache
def _lexer_class(name: str) -> type[Lexer]:
    """Return Pygments' class for the language `name`. Raises ClassNotFound if it knows none."""
    return type(get_lexer_by_name(name))


if __name__ == "__main__":
    main()
