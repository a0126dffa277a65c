"""Colours of code in replies: they come after the code, and hold up nobody."""

import os
import signal
import time
from pathlib import Path

import pytest

from conversations.models import Message, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.shared_servers import wish

pytestmark = [pytest.mark.once, pytest.mark.measures]

CODE = "```python\ndef f(): pass\n```\n\n"
COLOURED = '<span class="k">def</span>'
# Four blocks of a few thousand characters that the lexer takes seconds for, each.
HOSTILE = "".join(f"```cs\n// {n}\n" + "a\n" * 3_500 + "```\n\n" for n in range(4))
# And what else was slow to read once.
HOSTILE += "\n\n".join(("1. " + "~" * 8_000, "![" * 4_000, "> " + "`" * 8_000, "- `` ` " * 900))


def child_of(server):
    """The process id of the process that colours for the server's one worker; None without."""
    [worker] = server.workers()
    for task in Path(f"/proc/{worker}/task").iterdir():
        for pid in (task / "children").read_text().split():
            if "highlighting" in Path(f"/proc/{pid}/cmdline").read_text():
                return int(pid)
    return None


def test_code_gets_its_colours_while_the_reply_goes_on(visitor):
    response = visitor.ask(wish(text=CODE + "And more. " * 60, pace=0.03))
    events = list(visitor.watch(response.pk))

    blocks = [event.data for event in events if 'data-block="0"' in event.data]
    first = next(n for n, block in enumerate(blocks) if COLOURED in block)
    # Shown without colours, then with them, before the end and never without again.
    assert any("def f(): pass" in block for block in blocks[:first])
    assert events.index(next(e for e in events if COLOURED in e.data)) < len(events) - 10
    assert all(COLOURED in block for block in blocks[first:])
    assert COLOURED in Message.objects.get(pk=response.message_id).html


def test_a_reply_whose_last_words_are_code_is_stored_with_its_colours(visitor):
    response = visitor.ask(wish(text="Look:\n\n" + CODE))
    until(lambda: Response.objects.get(pk=response.pk).status == "completed")

    assert COLOURED in Message.objects.get(pk=response.message_id).html


@pytest.mark.stress
def test_sixteen_hostile_replies_hold_up_nobody(
    stage, make_stage_server, alice, bob, record_property
):
    here = make_stage_server(warm=False)
    [worker] = here.workers()
    visitor = stage.visit(here, bob)
    hostile = [ask(alice, wish(text=HOSTILE), model="test-model") for _ in range(16)]
    until(lambda: here.inside()["live"] > 0)
    here.inside()
    before = processor_seconds(worker)
    response = visitor.ask(wish(text=CODE * 3, pace=0.01))
    ended = visitor.watch(response.pk)[-1]
    healthy = sorted(visitor.get("/healthz").elapsed.total_seconds() for _ in range(20))
    assert ended.name == "done"
    until(lambda: not Response.objects.open().exists(), 60)

    longest = here.inside()["longest_step"]
    record_property("longest_step", longest)
    # Promised is a tenth of a second; a look with the window itself collects garbage.
    assert longest < 0.3
    assert here.workers() == [worker]
    assert {row.status for row in Response.objects.filter(pk__in=[r.pk for r in hostile])} == {
        "completed"
    }
    # The worker itself wrote 16 × 58 kB; the lexer alone would take it minutes.
    assert processor_seconds(worker) - before < 10
    # The median, for the machine may be busy with other things.
    assert healthy[10] < 0.5
    # Her colours are made one after the other; those of others come in between.
    after = visitor.watch(visitor.ask(wish(text=CODE + "Again.")).pk)[-1]
    assert COLOURED in after.data


def processor_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.stress
def test_the_process_that_colours_ends_with_its_worker(stage, make_stage_server, bob):
    here = make_stage_server(warm=False)
    visitor = stage.visit(here, bob)
    assert child_of(here) is None
    response = visitor.ask(wish(text=CODE))
    visitor.watch(response.pk)
    child = child_of(here)
    assert child is not None

    os.kill(here.workers()[0], signal.SIGKILL)

    until(lambda: not Path(f"/proc/{child}/stat").exists() or _is_zombie(child), 10)


def _is_zombie(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.stress
def test_a_killed_child_is_replaced(stage, make_stage_server, bob):
    here = make_stage_server(warm=False)
    visitor = stage.visit(here, bob)
    visitor.watch(visitor.ask(wish(text=CODE)).pk)
    os.kill(child_of(here), signal.SIGKILL)
    time.sleep(0.1)

    ended = visitor.watch(visitor.ask(wish(text=CODE + "Again.")).pk)[-1]

    assert COLOURED in ended.data
