"""Benchmark of messages with files: `python -m bench.message_files`, or `make bench-files`.

It prints, and without `--quick` writes into docs/performance.md: the time to the first word of a
message with one picture beside one without; what a browser loads of a page of fifty messages with
fifty thumbnails beside the same page without pictures; and what the child process that reads files
uses at most for a directory of hostile ones. Servers, gateway and browser run on this machine.
"""

import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from bench import page, stack
from bench.files import photograph
from bench.load import DATED, EVENTS
from bench.record import keep

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 25
LOADS = 3 if QUICK else 9
MODEL = "10:0.05"
MESSAGES, PICTURES = 50, 50


def main():
    """Start the servers, measure, and print the table; without `--quick` store it in
    docs/performance.md."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        os.environ["FILES_URL"] = f"file://{folder}/files"
        stack.prepare(folder, [MODEL], people=1)
        with stack.running(folder):
            rows = [*first_words(folder), *pages(folder)]
        rows += hostile(folder)
    table = "| what | without | with |\n| --- | --- | --- |\n" + "\n".join(
        f"| {what} | {without} | {with_} |" for what, without, with_ in rows
    )
    load = f"The load of the machine (two cores, shared) was {before:.1f} when this began."
    print(table, load, sep="\n\n")
    if not QUICK:
        keep("Files in messages", f"Measured by `make bench-files`. {load}\n\n{table}")


def first_words(folder):
    """Return the row of the table about the time from posting a message to its first word, as a
    list of one tuple `(what, without a picture, with one)` of texts: medians of ROUNDS messages
    each, in turn. `folder` is the Path of `stack.prepare`."""
    import httpx

    from conversations.models import LanguageModel

    LanguageModel.objects.update(images=True)
    person = json.loads((folder / "people.json").read_text())[0]
    picture = photograph()
    times = {False: [], True: []}
    with httpx.Client(base_url=stack.URLS["site"], timeout=120) as client:
        headers = {"Cookie": person["cookie"]}
        for _round in range(ROUNDS):
            for has_picture, taken in times.items():
                fields = {"csrfmiddlewaretoken": person["token"]}
                if has_picture:
                    files = {"file": ("photograph.jpg", picture)}
                    stored = client.post("/files/", data=fields, files=files, headers=headers)
                    fields["attachments"] = stored.json()["id"]
                taken.append(first_word(client, fields, headers))
    without, with_ = (statistics.median(taken) * 1000 for taken in times.values())
    what = "first word of a message, with one picture of 12 megapixels, ms"
    return [(what, f"{without:.0f}", f"{with_:.0f}")]


def first_word(client, fields, headers):
    """Send a message with the form fields `fields` by the httpx.Client `client`, and return the
    seconds until its first word is in the event stream. `headers` have the person's cookies."""
    fields = {**fields, "text": "What is this?", "model": MODEL, "submission": str(uuid.uuid4())}
    began = time.monotonic()
    answer = client.post("/", data=fields, headers={**headers, "X-Fragment": "turn"})
    answer.raise_for_status()
    events = EVENTS.search(answer.content.decode())[1]
    came, seconds = b"", 0
    with client.stream("GET", events, headers=headers) as stream:
        for chunk in stream.iter_bytes():
            came += chunk
            if not seconds and DATED.search(came):
                seconds = time.monotonic() - began
    return seconds


def pages(folder):
    """Return rows of the table about a page of MESSAGES messages, as tuples `(what, without
    pictures, with PICTURES pictures)`: loaded with an empty cache, times as medians of LOADS.
    `folder` is the Path of the temporary site's files."""
    from playwright.sync_api import sync_playwright

    from conversations.models import Person
    from tests.support.browser import CHROMIUM, FLAGS
    from tests.support.visitor import session_of

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    person = Person.objects.get(username="person0")
    plain = page.conversation_of(person, MESSAGES, page.REPLY)
    illustrated = page.conversation_of(person, MESSAGES, page.REPLY)
    small = add_pictures(person, illustrated)
    found = {plain: [], illustrated: []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _load in range(LOADS):
            for conversation, loads in found.items():
                address = stack.URLS["site"] + conversation.get_absolute_url()
                loads.append(page.load(browser, address, session_of(person)))
        browser.close()
    without, with_ = found.values()
    kind = f"page of {MESSAGES} messages with {PICTURES} thumbnails"
    return [
        (f"{kind}: requests", *(len(loads[-1]["sizes"]) for loads in (without, with_))),
        (
            f"{kind}: bytes",
            *(f"{sum(loads[-1]['sizes'].values()):,}" for loads in (without, with_)),
        ),
        (
            f"{kind}: largest paint, ms",
            *(f"{page.median(loads, 'paint'):.0f}" for loads in (without, with_)),
        ),
        ("… the thumbnails that load when one scrolls to them, bytes together", "0", f"{small:,}"),
    ]


def add_pictures(person, conversation):
    """Add PICTURES copies of one picture to the questions in the Conversation `conversation`,
    equally many to each, as uploaded by `person` (a Person); the number of questions must divide
    PICTURES. Return the size of all thumbnails together in bytes, each copy counted."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from conversations.files import draft_files, intake

    asked = list(conversation.messages.filter(role="user"))
    pictures = [intake.take(person, SimpleUploadedFile("photograph.jpg", photograph()))]
    each = PICTURES // len(asked)
    for message in asked:
        # The first message has the picture, the others copies that share its bytes.
        given = draft_files.give(pictures * (each if message is not asked[0] else 1), message)
        pictures = given[:1]
        if message is asked[0]:
            draft_files.give(pictures * (each - 1), message)
    return PICTURES * pictures[0].stored.small


def hostile(folder):
    """Return the rows of the table, tuples `(what, "", figure)`, about the hostile files of the
    tests: the most processor time and memory that the child process used for one of them. `folder`
    is a Path for temporary files."""
    from tests.support.extraction_child import read
    from tests.support.hostile_files import FILES

    refused, used = 0, {}
    for name, (make, _expected) in FILES.items():
        answer, usage = read(make(), folder)
        refused += "refusal" in answer
        used[name] = usage
    slowest = max(used, key=lambda name: used[name].ru_utime + used[name].ru_stime)
    largest = max(used, key=lambda name: used[name].ru_maxrss)
    seconds = used[slowest].ru_utime + used[slowest].ru_stime
    megabytes = used[largest].ru_maxrss / 1_000
    what = f"{len(used)} hostile files, of which {refused} are refused"
    return [
        (f"{what}: most processor time of one, s ({slowest})", "", f"{seconds:.1f}"),
        (f"{what}: most memory of one, MB ({largest})", "", f"{megabytes:.0f}"),
    ]


if __name__ == "__main__":
    main()
