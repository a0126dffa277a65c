"""Messages that consist of more than text: on a page, in a review, in files."""

import io
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.cases import reading
from conversations.items import clean_all
from conversations.models import Conversation, Message
from conversations.transfer import bringing_in, markdown_export, native_json
from tests.support import ledger_rows as books
from tests.support.item_samples import SAMPLES, put_items
from tests.support.review_stage import opened
from tests.test_page_turns import long_conversation


def says(text, *annotations):
    part = {"type": "output_text", "text": text, "annotations": list(annotations)}
    return {"type": "message", "role": "assistant", "content": [part]}


SEARCH = SAMPLES["web_search_call"]
[CITATION] = SAMPLES["message"]["content"][0]["annotations"]
IN_ORDER = [
    SAMPLES["reasoning"],
    SEARCH,
    SEARCH,
    says("FIRST"),
    SAMPLES["mcp_call"],
    says(
        "SECOND \ue200cite\ue202turn0search7\ue201",
        SAMPLES["message"]["content"][0]["annotations"][0],
    ),
]


@pytest.fixture
def me(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def tell(alice):
    """A conversation of alice's whose reply consists of these items."""

    def told(*items, **ending):
        response = books.call(alice, {**books.REPORTED, **ending})
        put_items(response.message, items)
        return response.conversation

    return told


def reply_in(page):
    return re.search(r'<article[^>]*data-role="assistant".*?</article>', page, re.S)[0]


def reply_of(me, conversation):
    page = me.get(conversation.get_absolute_url())
    assert page.status_code == 200
    return reply_in(page.content.decode())


def places(text, *parts):
    found = [text.index(part) for part in parts]
    assert found == sorted(found)


def test_all_stands_in_its_order(me, tell):
    article = reply_of(me, tell(*IN_ORDER))
    places(
        article,
        "data-thoughts",
        'data-item="1"',
        "data-answer",
        "FIRST",
        'data-item="4"',
        "SECOND",
        "data-sources",
    )
    assert article.count("data-answer") == 1
    assert article.count('data-type="web_search_call"') == 1
    assert article.count("FIRST") == article.count("SECOND") == 1
    assert "<!--" not in article and not re.search("[\ue200-\ue206]", article)


def test_the_text_is_for_copying_searching_and_titles(me, alice, tell):
    conversation = tell(*IN_ORDER)
    message = conversation.messages.get(role="assistant")
    assert message.text == "FIRST\n\nSECOND "
    assert message.reasoning == "The question is about *rain*."
    assert me.get(f"/messages/{message.pk}/text/").content == b"FIRST\n\nSECOND "


def test_a_page_of_plain_messages_reads_no_items(me, alice):
    conversation = long_conversation(alice, 60)
    me.get(conversation.get_absolute_url())
    with CaptureQueriesContext(connection) as plain:
        page = me.get(conversation.get_absolute_url())
    assert page.content.decode().count("<article") == 50
    assert not any('"items"' in query["sql"] for query in plain)
    assert sum("items IS NOT NULL" in query["sql"] for query in plain) == 1
    for reply in conversation.messages.filter(role="assistant").order_by("-created_at")[:9]:
        put_items(reply, IN_ORDER)
    with CaptureQueriesContext(connection) as more:
        page = me.get(conversation.get_absolute_url())
    assert page.content.decode().count("data-sources") == 9
    assert len(more) == len(plain) + 1


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ([SAMPLES["image_generation_call"]], "The reply is a picture that this site does not have"),
        ([SAMPLES["function_call"]], "The reply is the call of a function"),
        ([SEARCH, SAMPLES["mcp_approval_request"]], "May the model use add_event"),
        ([says(""), SAMPLES["unknown"]], "The reply is of a kind that this site does not know."),
        ([{**says(""), "content": [SAMPLES["refusal"]]}], "The model refused: I cannot help"),
    ],
)
@pytest.mark.parametrize("reason", ["", "tool_call"])
def test_a_reply_without_text_says_what_came(me, tell, items, sentence, reason):
    article = reply_of(me, tell(*items, reason=reason))
    assert sentence in article
    assert "no text" not in article and "none to give" not in article


def test_thoughts_alone_are_no_answer(me, tell):
    article = reply_of(me, tell(SAMPLES["reasoning"], SAMPLES["mcp_list_tools"]))
    assert "The reply ended with no text." in article


def test_what_arrived_before_a_crash_is_shown_as_unfinished(me, tell):
    going = {**SEARCH, "status": "searching"}
    article = reply_of(me, tell(says("So far."), going, status="interrupted", reason="crashed"))
    assert "So far." in article and "It was not finished." in article


def test_a_reviewer_sees_what_the_owner_sees(me, tell, reviewer):
    conversation = tell(*IN_ORDER)
    own = reply_of(me, conversation)
    me.force_login(reviewer)
    page, _address = opened(me, conversation)
    shown = reply_in(page.content.decode())
    for part in ("<details.*?</details>", "<section.*?</section>", "data-answer.*?</div>"):
        assert re.findall(part, shown, re.S) == re.findall(part, own, re.S) != []


def test_what_was_searched_for_is_highlighted_and_all_else_stays(me, tell):
    conversation = tell(*IN_ORDER)
    reply = conversation.messages.get(role="assistant")
    found = f"{conversation.get_absolute_url()}?at={reply.pk}&q=%s"
    article = reply_in(me.get(found % "second").content.decode())
    assert "<mark>SECOND</mark>" in article and article.count("data-item") == 3
    # The markers between stored HTML are no text.
    article = reply_in(me.get(found % "item").content.decode())
    assert "<mark>" not in article and "&lt;!--" not in article
    places(article, "FIRST", 'data-item="4"', "SECOND")


# --- In files


def copy_of(conversation, person, change=lambda document: None):
    document = json.loads(native_json.write(conversation))
    assert document["version"] == 2
    change(document)
    report = bringing_in.bring_in(person, io.BytesIO(json.dumps(document).encode()))
    assert report.conversations == 1
    return Conversation.objects.of(person).get()


def columns(conversation):
    names = ("role", "text", "html", "reasoning", "reasoning_html", "items")
    return list(conversation.messages.order_by("created_at").values_list(*names))


def test_all_items_come_back_as_they_went(tell, bob):
    conversation = tell(*[item for kind, item in SAMPLES.items() if "input_" not in kind])
    assert columns(copy_of(conversation, bob)) == columns(conversation)


def test_a_file_of_version_1_still_comes_in(tell, bob):
    def older(document):
        document["version"] = 1
        for message in document["messages"]:
            message.pop("items", None)

    copy = copy_of(tell(*IN_ORDER), bob, older)
    [_question, reply] = copy.messages.order_by("created_at")
    assert (reply.text, reply.items) == ("FIRST\n\nSECOND ", None)
    assert reply.html.startswith('<div class="block" data-block="0">')


def test_items_in_a_file_are_cleaned(tell, bob):
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAC"

    def hostile(document):
        document["messages"][1]["text"] = "What the file says it says"
        document["messages"][1]["items"] = [
            "no item",
            says("What it says\0\ud800", {"type": "url_citation", "url": "javascript:alert(1)"}),
            {"type": "mcp_call", "output": "x" * 999_999, "deep": [[[[[]]]]], "name": "<script>"},
            {"type": "image_generation_call", "result": png, "file": str(document["id"])},
        ]
        document["messages"][0]["items"] = [
            {"type": "message", "role": "assistant", "content": [SAMPLES["input_image"]]},
            SEARCH,
        ]

    copy = copy_of(tell(*IN_ORDER), bob, hostile)
    [question, reply] = copy.messages.order_by("created_at")
    assert reply.text == "What it says\ufffd"
    kept = json.dumps(reply.items)
    assert png not in kept and len(kept) < 300_000
    # A file may name another person's: it comes in as a name alone.
    assert '"file"' not in kept + json.dumps(question.items)
    [person_item] = question.items
    assert person_item["role"] == "user"
    assert not any("file" in part for part in person_item["content"])


def test_a_text_that_is_too_long_for_items_comes_in_whole(tell, bob):
    long = "Rain and snow. " * 30_000

    def longer(document):
        document["messages"][1]["text"] = long
        document["messages"][1]["items"] = [SEARCH, says(long, CITATION)]

    reply = copy_of(tell(*IN_ORDER), bob, longer).messages.get(role="assistant")
    assert (reply.text, reply.items) == (long, None)


def test_a_conversation_of_pictures_alone_comes_in(tell, bob):
    copy = copy_of(tell(SAMPLES["image_generation_call"]), bob)
    assert copy.messages.get(role="assistant").items


def test_markdown_has_every_item_in_words_and_the_sources(tell):
    text = "".join(markdown_export.pieces(tell(*IN_ORDER)))
    places(
        text,
        "Searched the web: rain in Brest today",
        "FIRST",
        "Used the tool list_events of calendar:",
        "SECOND",
        "Cited:",
        "1. [The weather today](<https://weather.example/today?utm_source=openai>)",
        "Consulted:",
        "- [rain.example/brest](<https://rain.example/brest>)",
    )


def test_a_case_shows_every_item_too(tell):
    conversation = tell(*IN_ORDER)
    page = "".join(reading.pages(conversation))
    places(page, "data-thoughts", "Searched 2 times", "FIRST", "Stand-up", "SECOND", "data-sources")
    assert "<!--item" not in page
    text = "".join(reading.markdown(conversation))
    places(text, "Searched the web", "FIRST", "Used the tool", "SECOND", "Cited:")


def test_a_message_of_a_person_shows_its_files(me, tell):
    conversation = tell(says("A fox."))
    question = conversation.messages.get(role="user")
    parts = [SAMPLES["input_text"], SAMPLES["input_image"], SAMPLES["input_file"]]
    question.items = clean_all([{"type": "message", "role": "user", "content": parts}])
    question.save()
    page = me.get(conversation.get_absolute_url()).content.decode()
    assert "Picture: holiday.jpg" in page and "File: report.pdf" in page
    assert Message.objects.get(pk=question.pk).items == question.items
