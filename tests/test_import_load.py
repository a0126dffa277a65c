"""Many imports at once: the site goes on answering everybody else meanwhile."""

import json
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations.models import Job
from tests.conftest import make_person
from tests.support.polling import until
from tests.support.soak_scale import SOAK, amount

pytestmark = pytest.mark.stress

FILES = 12
CONVERSATIONS = amount(150, 20_000)  # of a file
ASKED_SECONDS = amount(3, 45)
ANSWERED_WITHIN = 15  # seconds; against hanging


def tiny(number, text):
    """A file of tiny conversations, the n-th such file; of 25 bytes each where there is no `text`,
    so that nothing comes in."""
    first = number * CONVERSATIONS
    message = {"author": {"role": "user"}, "content": {"parts": [text]}}
    mapping = {"1": {"message": message}} if text else {}
    found = [{"id": f"{first + each}", "mapping": mapping} for each in range(CONVERSATIONS)]
    return json.dumps(found, separators=(",", ":")).encode()


def send(visitor, content):
    """Send a file on the import's page; the status of the answer."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get("/data/").text)[1]
    data = {"csrfmiddlewaretoken": token}
    answer = visitor.http.post("/data/", data=data, files={"file": ("c.json", content)})
    return answer.status_code


def seconds_of(visitor, path):
    """How long the answer to `path` takes."""
    began = time.monotonic()
    assert visitor.get(path, timeout=ANSWERED_WITHIN).status_code == 200
    return time.monotonic() - began


@pytest.mark.parametrize("people", [1, FILES], ids=["of one person", "of many people"])
def test_everybody_else_is_answered_while_many_files_come_in(
    stage, make_stage_server, alice, people
):
    server = make_stage_server(DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    importers = [make_person(f"importer{number}") for number in range(people)]
    senders = [stage.visit(server, importers[number % people]) for number in range(FILES)]
    nobody, other = stage.visit(server), stage.visit(server, alice)
    # Every other one has no text, so nothing of it comes in.
    files = [tiny(number, "Question" if number % 2 else "") for number in range(FILES)]
    taken = {"/healthz": [], "/accounts/login/": [], "/": []}
    server.inside()
    with ThreadPoolExecutor(FILES) as threads:
        sending = [threads.submit(send, *each) for each in zip(senders, files, strict=True)]
        until_then = time.monotonic() + ASKED_SECONDS
        while time.monotonic() < until_then or not all(each.done() for each in sending):
            taken["/healthz"].append(seconds_of(nobody, "/healthz"))
            taken["/accounts/login/"].append(seconds_of(nobody, "/accounts/login/"))
            taken["/"].append(seconds_of(other, "/"))
    held_up = server.inside()["longest_step"]
    assert {each.result() for each in sending} <= {200, 303, 422}
    for path, seconds in taken.items():
        middle, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(f"{path}: {len(seconds)} answers, seconds: median {middle:.3f}, 95 % within "
              f"{late:.3f}, at most {max(seconds):.3f}")  # fmt: skip
    print(f"The event loop waited for its turn for {held_up:.3f} s of processor time at most.")
    jobs = Job.objects.filter(kind=Job.Kind.IMPORT)
    assert jobs.count() == FILES
    if not SOAK:
        until(lambda: not jobs.filter(state__in=Job.OPEN).exists(), 120)
        found = sorted(job.report["conversations"] for job in jobs)
        assert found == [0] * (FILES // 2) + [CONVERSATIONS] * (FILES // 2)
    print(sorted((job.state, job.done, job.total) for job in jobs))
    assert held_up < 0.1
