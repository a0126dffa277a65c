"""`manage.py sync_models`: the gateway's list becomes models an administrator may enable."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations.models import LanguageModel
from tests.support.gateway import Script

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def sync(gateway, settings):
    """Runs the command against the scripted gateway; returns what it printed."""
    settings.DEMO = False
    settings.OPENAI_BASE_URL = gateway.url
    settings.OPENAI_API_KEY = "test-key-7f3a9c5e1b"
    settings.OPENAI_MODEL = "gateway-large"
    LanguageModel.objects.all().delete()
    LanguageModel.objects.ensure_default()

    def sync(*arguments):
        out = StringIO()
        call_command("sync_models", *arguments, stdout=out)
        return out.getvalue()

    return sync


def enabled():
    return dict(LanguageModel.objects.values_list("name", "enabled"))


def test_new_models_wait_for_an_administrator(sync):
    printed = sync()
    assert enabled() == {"gateway-large": True, "gateway-small": False}
    assert "added: gateway-small" in printed
    assert "2 listed, 1 new" in printed


def test_run_again_it_changes_nothing(sync):
    sync()
    LanguageModel.objects.filter(name="gateway-large").update(enabled=False)
    LanguageModel.objects.filter(name="gateway-small").update(context_window=8_000)
    assert "2 listed, 0 new" in sync()
    assert enabled() == {"gateway-large": False, "gateway-small": False}
    assert LanguageModel.objects.get(name="gateway-small").context_window == 8_000


def test_enable_enables_what_is_listed(sync, gateway):
    sync()
    LanguageModel.objects.create(name="elsewhere", enabled=False)
    gateway.models.append("gateway-new")
    printed = sync("--enable")
    assert enabled() == {
        "elsewhere": False,
        "gateway-large": True,
        "gateway-new": True,
        "gateway-small": True,
    }
    assert "enabled: gateway-small" in printed


def test_a_gateway_without_a_list_is_said_with_its_words(sync, gateway):
    gateway.models_script = Script(status=404, body={"detail": "Not Found"})
    with pytest.raises(CommandError, match=r"nothing at this path.*\(Not Found\)"):
        sync()
    assert enabled() == {"gateway-large": True}


def test_without_a_gateway_there_is_no_list(settings):
    settings.DEMO = True
    with pytest.raises(CommandError, match="OPENAI_BASE_URL"):
        call_command("sync_models")


def test_a_model_by_others_is_listed(llmock, sync, settings):
    settings.OPENAI_BASE_URL = llmock
    sync()
    assert enabled()["gpt-4o"] is False
