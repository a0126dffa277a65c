"""Which models there are, and who answers: the site's default, a choice, a remembered choice."""

import re
import uuid

import pytest

from conversations.models import Conversation, LanguageModel, Response
from tests.support.ledger_rows import REPORTED, end
from tests.support.visitor import session_of

pytestmark = pytest.mark.once


@pytest.fixture
def browser(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


@pytest.fixture
def models(settings, db):
    settings.OPENAI_MODEL = "gpt-5.1"
    LanguageModel.objects.all().delete()
    for name in ("gpt-5.1", "a-small-one", "z-large-one"):
        LanguageModel.objects.create(name=name)
    LanguageModel.objects.create(name="not-for-you", enabled=False)


def send(browser, path="/", **fields):
    form = {"text": "Hello", "submission": str(uuid.uuid4()), **fields}
    assert browser.post(path, form).status_code == 303
    return Response.objects.latest("created_at")


def offered(page):
    """The models of the composer's select, the chosen one marked; None where there is none."""
    select = re.search(r'<select name="model".*?</select>', page.text, re.DOTALL)
    if select is None:
        return None
    options = re.findall(r'<option value="([^"]+)"[^>]*?( selected)?>', select[0])
    return [f"*{name}" if chosen else name for name, chosen in options]


def test_the_default_model_is_enabled_at_the_first_start(make_server, visit, alice, gateway):
    LanguageModel.objects.all().delete()
    server = make_server(OPENAI_MODEL="first-of-all")
    assert LanguageModel.objects.get(name="first-of-all").enabled
    response = visit(server, alice).ask("Hello")
    assert response.model == "first-of-all"
    assert gateway.wait_for(1)[0].body["model"] == "first-of-all"


def test_what_an_administrator_disabled_stays_so_at_the_next_start(settings, db):
    settings.OPENAI_MODEL = "gpt-5.1"
    LanguageModel.objects.ensure_default()
    LanguageModel.objects.filter(name="gpt-5.1").update(enabled=False)
    LanguageModel.objects.ensure_default()
    assert not LanguageModel.objects.get(name="gpt-5.1").enabled


def test_the_demo_is_gone_once_there_is_a_gateway(settings, db):
    settings.DEMO, settings.OPENAI_MODEL = True, "demo"
    LanguageModel.objects.ensure_default()
    assert LanguageModel.objects.get(name="demo").enabled
    settings.DEMO, settings.OPENAI_MODEL = False, "gpt-5.1"
    LanguageModel.objects.ensure_default()
    assert not LanguageModel.objects.get(name="demo").enabled


def test_one_model_is_no_choice(browser, models):
    LanguageModel.objects.exclude(name="gpt-5.1").update(enabled=False)
    assert offered(browser.get("/")) is None
    assert send(browser).model == "gpt-5.1"


def test_several_are_offered_the_default_first(browser, models):
    assert offered(browser.get("/")) == ["*gpt-5.1", "a-small-one", "z-large-one"]


def test_a_conversation_remembers_its_model(browser, models):
    response = send(browser, model="z-large-one")
    assert response.model == "z-large-one"
    end(response, REPORTED)
    path = Conversation.objects.get().get_absolute_url()
    assert offered(browser.get(path)) == ["gpt-5.1", "a-small-one", "*z-large-one"]
    # Also where the form names none.
    second = send(browser, path)
    assert second.model == "z-large-one"
    end(second, REPORTED)
    assert send(browser, path, model="a-small-one").model == "a-small-one"
    # What was used last is offered for a new one.
    assert offered(browser.get("/")) == ["gpt-5.1", "*a-small-one", "z-large-one"]


def test_a_refused_form_keeps_the_choice(browser, models):
    page = browser.post("/", {"text": "", "model": "a-small-one"})
    assert offered(page) == ["gpt-5.1", "*a-small-one", "z-large-one"]
