"""Files of a conversation under review: opened through /review/ only, and each opening recorded."""

import pytest

from conversations.models import ReviewAccess
from tests.support.review_stage import converse, opened
from tests.test_isolation import FILE, FILE_NAME, add_file

pytestmark = pytest.mark.once


@pytest.fixture
def files(alice, conversation):
    asked = conversation.messages.filter(role="user").first()
    return [
        add_file(alice, conversation, asked, "text/plain"),
        add_file(alice, conversation, asked, "image/png", width=4, height=4),
        add_file(alice, conversation, None, "text/plain"),
    ]


def read(answer):
    return b"".join(answer.streaming_content).decode()


def saw():
    rows = ReviewAccess.objects.filter(action="saw_file").order_by("number")
    return [(row.detail["file"], row.reason) for row in rows]


def test_a_reviewer_opens_files_by_links_and_each_time_is_recorded(desk, conversation, files):
    page, path = opened(desk, conversation)
    text, picture, unsent = files
    shown = page.content.decode()
    # Nothing of a file is loaded before it is opened.
    assert "/files/" in shown
    assert '<img src="/files/' not in shown
    assert FILE_NAME in shown
    where, _mark, query = path.partition("?")
    again = desk.get(f"{where}files/{text.pk}/text/?{query}")
    assert FILE in again.content.decode()
    answer = desk.get(f"{where}files/{picture.pk}/?{query}")
    assert read(answer) == FILE
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert saw() == [(str(text.pk), "complaint"), (str(picture.pk), "complaint")]
    # What was not sent belongs to no conversation yet.
    assert desk.get(f"{where}files/{unsent.pk}/?{query}").status_code == 404
    # And the addresses of the owner stay shut.
    assert desk.get(f"/files/{picture.pk}/").status_code == 404


def test_without_a_reason_a_file_is_not_opened(desk, conversation, files):
    for page in ("", "text/"):
        answer = desk.get(f"/review/{conversation.pk}/files/{files[0].pk}/{page}")
        assert answer.status_code == 302
    assert saw() == []


def test_the_file_of_another_conversation_is_not_there(desk, bob, conversation, files):
    other = converse(bob)
    _page, path = opened(desk, other)
    where, _mark, query = path.partition("?")
    assert desk.get(f"{where}files/{files[0].pk}/?{query}").status_code == 404
    assert saw() == []
