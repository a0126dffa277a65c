"""Finding messages by what their tools did, beside their text, on both databases."""

import json
import random
import re

import pytest
from django.core.management import call_command

from conversations.items import clean_all, searched_of
from conversations.items.projections import LONGEST_SEARCHED
from conversations.keeping import row_deletion
from conversations.models import Conversation, Message, SearchEntry
from conversations.search import index, search
from conversations.search.entries import TOOLS
from conversations.transfer import native_json
from conversations.transfer.bringing_in import bring_in
from tests.support.item_samples import SAMPLES
from tests.support.ledger_rows import REPORTED, call
from tests.support.search_index import raw_index
from tests.support.visitor import session_of

# What is found of each kind, beside the text: (kind, words).
FOUND = [
    ("web_search_call", '"rain in Brest today"'),
    ("web_search_call", "rain.example"),
    ("code_interpreter_call", "print(sum"),
    ("code_interpreter_call", "12"),
    ("file_search_call", '"notice period"'),
    ("file_search_call", '"three months"'),
    ("file_search_call", "contract.pdf"),
    ("mcp_call", "list_events"),
    ("mcp_call", "2026-11-27"),
    ("mcp_call", "stand-up"),
    ("mcp_approval_request", "add_event"),
    ("function_call", "get_weather"),
    ("image_generation_call", "woodcut"),
    ("message", '"the weather today"'),
]


def reply(person, *items, text="An answer."):
    items = clean_all([{"type": "message", "role": "assistant", "content": text}, *items])
    response = call(person, REPORTED, text="Find it", answer=text, items=items)
    return Message.objects.get(pk=response.message_id)


def found(query, person):
    return {hit.message_id for hit in search(query, [person.pk])}


@pytest.mark.parametrize(("kind", "query"), FOUND)
def test_what_tools_did_is_found(alice, bob, kind, query):
    message = reply(alice, SAMPLES[kind])
    assert found(query, alice) == {message.pk}
    assert found(query, bob) == set()


def test_the_text_is_found_as_before_and_in_entries_of_its_own(alice):
    message = reply(alice, SAMPLES["mcp_call"])
    assert found("answer", alice) == {message.pk}
    entries = SearchEntry.objects.filter(message=message).order_by("part")
    assert list(entries.values_list("part", flat=True)) == [0, TOOLS]


def test_the_excerpt_is_of_what_matches(client, alice):
    reply(alice, SAMPLES["file_search_call"])
    client.cookies["session"] = session_of(alice)
    page = client.get("/search/", {"q": "months"})
    assert "The notice period is three <mark>months</mark>." in page.text
    assert "<mark>answer</mark>" in client.get("/search/", {"q": "answer"}).text


def test_where_a_result_leads_what_matches_is_open_and_marked(client, alice):
    message = reply(alice, SAMPLES["file_search_call"], SAMPLES["function_call"])
    client.cookies["session"] = session_of(alice)
    page = client.get(message.conversation.get_absolute_url(), {"q": "months"}).text
    found, other = re.findall(r'<details class="item"([^>]*)data-type="[a-z]+_', page)
    assert found.startswith(" open") and not other.startswith(" open")
    assert "three <mark>months</mark>." in page


def test_a_reviewers_search_finds_it_too(desk, alice):
    reply(alice, SAMPLES["mcp_call"])
    page = desk.get("/review/", {"q": "list_events"})
    assert "<mark>list_events</mark>" in page.text


def test_nothing_stays_in_the_index_after_a_deletion(alice):
    conversations = [
        reply(alice, *(SAMPLES[kind] for kind, _query in FOUND)).conversation for _ in range(2)
    ]
    assert raw_index()
    conversations[0].delete()
    messages = list(conversations[1].messages.values_list("pk", flat=True))
    Conversation.objects.update(active=None)
    row_deletion.delete([conversations[1].pk], messages)
    assert raw_index() == []


def test_rows_of_older_versions_stay_as_they_are_and_a_rebuild_finds_more(alice):
    message = reply(alice, SAMPLES["mcp_call"])
    other = reply(alice, SAMPLES["mcp_call"], text="")
    # As an older version left them: indexed by their texts alone.
    for each in (message, other):
        index.forget_message(each)
    index.add_text(alice.pk, message.conversation_id, message.pk, message.created_at, message.text)
    assert found("list_events", alice) == set()
    call_command("rebuild_search", verbosity=0)
    assert found("list_events", alice) == {message.pk, other.pk}
    index.forget_message(message)
    index.add_text(alice.pk, message.conversation_id, message.pk, message.created_at, message.text)
    Conversation.objects.all().delete()
    assert raw_index() == []


def test_a_row_that_was_changed_by_hand_can_still_be_deleted(alice):
    message = reply(alice, SAMPLES["mcp_call"])
    Message.objects.filter(pk=message.pk).update(items=None)
    Message.objects.get(pk=message.pk).delete()
    assert not SearchEntry.objects.filter(message=message.pk).exists()
    assert found("list_events", alice) == set()


def test_an_imported_conversation_is_found_by_it(alice, tmp_path):
    message = reply(alice, SAMPLES["mcp_call"])
    file = tmp_path / "export.json"
    file.write_text(native_json.write(message.conversation))
    Conversation.objects.all().delete()
    with file.open("rb") as opened:
        bring_in(alice, opened)
    assert len(found("list_events", alice)) == 1


def test_of_much_a_bounded_part_is_indexed(alice):
    words = random.Random(1)
    log = " ".join(f"w{words.randrange(10**9)}" for _ in range(1_200))
    items = [{**SAMPLES["mcp_call"], "id": f"mcp_{number}", "output": log} for number in range(8)]
    assert len(searched_of(clean_all(items))) == LONGEST_SEARCHED
    message = reply(alice, *items)
    entries = SearchEntry.objects.filter(message=message, part__gte=TOOLS)
    assert entries.count() == 1
    Conversation.objects.all().delete()
    assert raw_index() == []


def test_what_is_searched_is_a_function_of_what_is_stored(alice):
    """On SQLite an entry is removed by the words that it was made of, from the stored items."""
    items = clean_all([SAMPLES[kind] for kind in SAMPLES])
    message = reply(alice, *items)
    stored = Message.objects.get(pk=message.pk).items
    assert searched_of(stored) == searched_of(json.loads(json.dumps(stored)))
