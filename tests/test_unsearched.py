"""A reply for which a search of the web was offered says so where the gateway did not search."""

import pytest

from conversations.models import Message, Response
from tests.support.item_samples import SAMPLES, put_items
from tests.support.ledger_rows import REPORTED, STOPPED, ask, call, end, submit
from tests.support.visitor import session_of

pytestmark = pytest.mark.once

SEARCH = {"type": "web_search", "user_location": {"type": "approximate"}}
LINE = "The gateway did not search."
NOTE = f'<p class="note" data-unsearched>{LINE}</p>'


@pytest.fixture
def page_of(client, alice):
    """The page of a reply whose request had `tools`."""
    client.cookies["session"] = session_of(alice)

    def page_of(tools, *items, ending=REPORTED, text="It rained.", **columns):
        response = submit(alice).response
        request = {**response.request, "tools": tools} if tools is not None else response.request
        Response.objects.filter(pk=response.pk).update(request=request)
        end(response, ending, text)
        Response.objects.filter(pk=response.pk).update(**columns)
        if items:
            put_items(Message.objects.get(pk=response.message_id), items)
        return client.get(response.conversation.get_absolute_url()).text

    return page_of


@pytest.mark.parametrize(
    "kind", ["web_search", "web_search_preview", "openrouter:web_search", "web_search_2025_08_26"]
)
def test_it_says_so_once_whatever_the_tool_is_called(page_of, kind):
    page = page_of([{"type": "code_interpreter"}, {"type": kind}])
    assert (page.count(LINE), page.count(NOTE)) == (1, 1)


def test_it_is_an_element_beside_another_version_too(client, alice):
    """Such a reply is drawn without the cache of HTML."""
    client.cookies["session"] = session_of(alice)
    again = ask(alice, "", retried=call(alice).message)
    Response.objects.filter(pk=again.pk).update(request={**again.request, "tools": [SEARCH]})
    end(again, REPORTED)
    page = client.get(again.conversation.get_absolute_url()).text
    assert (page.count(LINE), page.count(NOTE)) == (1, 1)


def test_a_model_that_used_another_tool_did_not_search(page_of):
    answer = SAMPLES["message"]["content"][0] | {"annotations": []}
    items = [SAMPLES["code_interpreter_call"], SAMPLES["message"] | {"content": [answer]}]
    assert LINE in page_of([SEARCH], *items)


@pytest.mark.parametrize("tools", [None, [], [{"type": "code_interpreter"}], "web_search", [7, {}]])
def test_where_none_was_offered_it_says_nothing(page_of, tools):
    assert LINE not in page_of(tools)


def test_a_search_a_cited_page_or_a_report_of_one_is_a_search(page_of):
    assert LINE not in page_of([SEARCH], SAMPLES["web_search_call"], SAMPLES["output_text"])
    # Bridges to other APIs send no item, but the pages.
    assert LINE not in page_of([SEARCH], SAMPLES["message"])
    assert LINE not in page_of([SEARCH], tool_usage={"web_search": {"num_requests": 1}})
    assert LINE in page_of([SEARCH], tool_usage={"web_search": {"num_requests": 0}})


def test_a_reply_that_did_not_end_says_how_it_ended_instead(page_of):
    failed = {**STOPPED, "status": "failed", "error_code": "server"}
    assert LINE not in page_of([SEARCH], ending=STOPPED)
    assert LINE not in page_of([SEARCH], ending=failed, text="")


def test_it_is_in_the_stream_too(stage, visitor):
    """With no tool in the request it is not there: drawn from the same page, whatever it holds."""
    response = visitor.ask("Hello")
    assert LINE not in visitor.watch(response.pk)[-1].data
    ended = Response.objects.get(pk=response.pk)
    Response.objects.filter(pk=ended.pk).update(request={**ended.request, "tools": [SEARCH]})
    assert LINE in visitor.watch(response.pk)[-1].data
