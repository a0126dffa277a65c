"""Colours in code: made by another process, within a limit of its processor time."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path
from time import process_time

import pytest
from pygments.lexers import get_lexer_by_name

from conversations.rendering import Stream, render
from conversations.rendering.code_box import LANGUAGES, lexer_of
from conversations.rendering.highlighting import highlight
from conversations.rendering.highlighting.jobs import Jobs, pid
from conversations.rendering.highlighting.limits import JOB_SECONDS, TEXT_SECONDS

pytestmark = pytest.mark.measures

COLOURED = '<span class="k">def</span>'
# One line each whose repetition takes these lexers quadratic time.
SLOW = {"cs": "a\n", "rst": "a\n", "hcl": "a\n", "c": "a\n", "java": "a\n\n"}


def fence(language, code):
    return f"```{language}\n{code}\n```\n\n"


def child_seconds():
    """Processor seconds that the process which colours for this one has taken."""
    fields = Path(f"/proc/{pid()}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("language", SLOW)
def test_a_lexer_that_takes_too_long_leaves_the_code_plain(language):
    code = SLOW[language] * (20_000 // len(SLOW[language]) - 1)
    render(fence("python", "def f(): pass"))
    before = child_seconds()

    html = render(fence(language, code))

    assert "<span class=" not in html
    assert code in html
    assert child_seconds() - before < JOB_SECONDS + 0.4  # with its loading of the lexer


def test_every_language_of_ours_has_a_lexer():
    for language in LANGUAGES:
        assert get_lexer_by_name(lexer_of("code", language))


def test_the_verdict_on_a_block_is_kept():
    text = fence("cs", "b\n" * 9_000)
    first = render(text)
    before = child_seconds()

    assert render(text) == first
    assert child_seconds() - before < 0.05


def test_all_code_of_one_text_shares_one_limit():
    text = "".join(fence("cs", "a\n" * 7_000 + str(n)) for n in range(20))
    text += fence("python", "def f(): pass")
    render(fence("python", "def f(): pass"))
    before = child_seconds()

    html = render(text)

    # What comes after the limit has no colours, whatever it is.
    assert COLOURED not in html
    assert child_seconds() - before < TEXT_SECONDS + 1
    assert COLOURED in render(fence("python", "def f(): pass"))


def test_whole_and_streamed_agree_on_what_is_at_the_limit():
    """Sizes around that at which the lexer's time is used up, and around that of a whole text."""
    sizes = [*range(600, 2_600, 200)] * 2
    text = "".join(fence("cs", f"// {n}\n" + "a\n" * (size // 2)) for n, size in enumerate(sizes))
    stream = Stream()
    for at in range(0, len(text), 700):
        stream.append(text[at : at + 700])
        stream.refresh()
        while at % 3 and (box := stream.unhighlighted):
            stream.take_highlighting(box, stream.ask(box).result())

    html = stream.finish()

    assert render(text) == html
    assert '<span class="' in html
    assert "<code>// " in html


def test_a_stream_shows_code_plainly_and_changes_its_block_once():
    stream = Stream()
    stream.append(
        "- a\n\n  ```python\n  def f(): pass\n  ```\n\n  ```js\n  let x = 1\n  ```\n\nEnd"
    )
    stream.refresh()
    [plain] = stream.frozen
    assert "<span class=" not in plain

    changes = 0
    while box := stream.unhighlighted:
        changes += stream.take_highlighting(box, stream.ask(box).result())

    assert (changes, stream.rehighlighted) == (1, [0])
    [highlighted] = stream.frozen
    assert COLOURED in highlighted
    assert '<span class="k">let</span>' in highlighted
    assert re.sub("</?span[^>]*>", "", highlighted) == re.sub("</?span>", "", plain)


CHARACTERS = "\u00a0<>&\"' \t\u202e\x0b\u2028é漢🎉\ufeff"


@pytest.mark.parametrize("before", ["", "- ", "> "])
def test_code_with_any_characters_gets_its_colours(before):
    code = f"def f(): return '{CHARACTERS}'"
    html = render(f"{before}```python\n{before and '  '}{code}\n".replace("> ```", "```"))

    assert COLOURED in html


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_language_loses_a_last_line_that_has_no_end(language):
    code = "$ ls -l\n- 'and more"
    html = highlight(code, lexer_of(code, language)).result(30).html

    assert html is None or unescape(re.sub("<[^>]+>", "", html)) == code


def test_the_child_lasts_where_its_parent_has_had_much_memory():
    much = b"x" * (160 * 1024 * 1024)
    render(fence("python", "a = 1"))
    os.kill(pid(), signal.SIGKILL)
    render(fence("python", "b = 2"))
    first = pid()
    render(fence("python", "c = 3"))
    assert pid() == first
    del much


def test_the_child_is_started_anew_when_it_was_killed():
    text = fence("python", "def f(): pass")
    render(text)
    first = pid()
    os.kill(first, signal.SIGKILL)

    assert COLOURED in render(text)
    assert pid() != first


def test_a_child_that_is_killed_with_a_job_loses_no_colours():
    render(fence("python", "def f(): pass"))
    # Half a second of work, then what is killed while it waits or is done.
    slow = highlight("c\n" * 9_000, "cs")
    future = highlight("def f(): pass  # once", "python")
    os.kill(pid(), signal.SIGKILL)

    assert slow.result(30).html is None
    assert COLOURED in future.result(30).html


def test_the_child_ends_with_its_parent():
    """Also a parent that is killed while the child works."""
    program = (
        "from conversations.rendering.highlighting import highlight\n"
        "from conversations.rendering.highlighting.jobs import pid\n"
        "highlight('def f(): pass', 'python').result()\n"
        "for n in range(20): highlight('a\\n' * 9_000 + str(n), 'cs')\n"
        "print(pid(), flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    assert Path(f"/proc/{child}").exists()

    parent.kill()
    parent.communicate()

    ended = threading.Event()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or _is_zombie(child):
            break
        ended.wait(0.1)
    assert not Path(f"/proc/{child}").exists() or _is_zombie(child)


def _is_zombie(process):
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_child_has_no_secrets_and_little_memory():
    os.environ["OPENAI_API_KEY_OF_TESTS"] = "secret"
    try:
        jobs = Jobs()
        jobs.add("x = 1", "python", None).result(30)
        environment = Path(f"/proc/{jobs.process.pid}/environ").read_bytes()
        assert b"secret" not in environment
        soft, _hard = resource.prlimit(jobs.process.pid, resource.RLIMIT_AS)
        assert soft == 512 * 1024 * 1024
        [resident] = re.findall(
            r"VmRSS:\s+(\d+)", Path(f"/proc/{jobs.process.pid}/status").read_text()
        )
        assert int(resident) < 50_000
    finally:
        del os.environ["OPENAI_API_KEY_OF_TESTS"]
        jobs.process.close()


def test_the_child_is_not_tied_to_the_processor_of_its_worker():
    """In a process of its own, tied as gunicorn.conf.py ties a worker."""
    program = (
        "import os\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from conversations.rendering.highlighting import highlight\n"
        "from conversations.rendering.highlighting.jobs import pid\n"
        "highlight('x = 1', 'python').result()\n"
        "print(*sorted(os.sched_getaffinity(pid())))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert shown.stdout.split() == [str(n) for n in sorted(os.sched_getaffinity(0))]


def test_who_asks_for_little_comes_before_who_asks_for_much():
    jobs = Jobs()
    try:
        jobs.add("x = 1", "python", "alice").result(30)
        done = []

        def note(name):
            return lambda _future: done.append(name)

        last = None
        for n in range(6):
            last = jobs.add("d\n" * 9_000 + str(n), "cs", "mallory")
            last.add_done_callback(note("mallory"))
        quick = jobs.add("x = 2", "python", "alice")
        quick.add_done_callback(note("alice"))
        last.result(30)

        # She waits for the one that was begun.
        assert done.index("alice") <= 1
    finally:
        jobs.process.close()


def test_an_event_loop_that_streams_hostile_code_is_not_held():
    """The loop's own processor time, whatever the child takes."""

    async def show():
        stream, longest = Stream(), 0.0
        for n in range(20):
            stream.append(fence("cs", "e\n" * 3_000 + str(n)))
            began = process_time()
            stream.refresh()
            longest = max(longest, process_time() - began)
            if box := stream.unhighlighted:
                highlighted = await asyncio.wrap_future(stream.ask(box))
                began = process_time()
                stream.take_highlighting(box, highlighted)
                longest = max(longest, process_time() - began)
        return longest

    assert asyncio.run(show()) < 0.1


def test_a_process_that_was_forked_has_a_child_of_its_own():
    program = (
        "import os\n"
        "from conversations.rendering import render\n"
        "from conversations.rendering.highlighting.jobs import pid\n"
        "render('```python\\ndef f(): pass\\n```')\n"
        "first = pid()\n"
        "if os.fork() == 0:\n"
        "    html = render('```python\\ndef g(): pass\\n```')\n"
        "    os._exit(not ('<span class=\"nf\">g' in html and pid() != first))\n"
        "assert os.wait()[1] == 0\n"
        "assert '<span class=\"nf\">h' in render('```python\\ndef h(): pass\\n```')\n"
        "assert pid() == first\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True
    )

    assert (run.returncode, run.stderr) == (0, "")
