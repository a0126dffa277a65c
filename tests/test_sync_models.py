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


def test_only_what_matches_is_taken(sync, gateway):
    gateway.models += ["gpt-5", "openai/GPT-5-mini", "o4"]
    printed = sync("--only", "gpt-*", "--only", "*/gpt-*", "--enable")
    assert enabled() == {"gateway-large": True, "gpt-5": True, "openai/GPT-5-mini": True}
    assert "5 listed, 2 new" in printed
    assert "no name matches claude-*" in sync("--only", "claude-*")


def test_what_is_plainly_not_for_chat_is_not_enabled(sync, gateway):
    chat = [
        *("gpt-5", "gpt-4o-audio-preview", "gpt-4o-search-preview", "claude-opus-5"),
        *("meta/llama-4-vision", "qwen3-vl-embedded", "soraya-7b", "deepseek-r1"),
        *("o3-deep-research", "gemini-3-pro-image-preview"),
    ]
    others = [
        *("sora-2", "openai/sora-2-pro", "whisper-1", "tts-1-hd", "gpt-4o-mini-tts", "dall-e-3"),
        *("text-embedding-3-large", "text-embedding-ada-002", "omni-moderation-latest"),
        *("gpt-image-1", "gpt-4o-transcribe", "gpt-realtime", "bge-m3", "cohere.rerank-v3-5:0"),
        *("stable-diffusion-xl", "imagen-4.0-generate-001", "veo-3", "black-forest-labs/FLUX.1"),
        "nomic-embed-text",
    ]
    gateway.models = [*chat, *others]
    LanguageModel.objects.create(name="whisper-1", enabled=False)
    printed = sync("--enable")
    for name in others:
        assert not enabled()[name], name
    for name in chat:
        assert enabled()[name], name
    assert "added: sora-2 (not for chat)" in printed


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


def listed(name, *modalities):
    """An entry of the list as OpenRouter writes it."""
    return {"id": name, "architecture": {"input_modalities": list(modalities)}}


def takes():
    return {
        name: (images, files)
        for name, images, files in LanguageModel.objects.values_list("name", "images", "files")
    }


def test_what_the_list_says_of_pictures_and_files_is_kept(sync, gateway):
    LanguageModel.objects.create(name="told", images=True)
    LanguageModel.objects.create(name="untold", images=True, files="native")
    data = [
        listed("both", "text", "image", "file"),
        listed("sees", "text", "image"),
        listed("told", "text"),
        {"id": "untold"},
        {"id": "odd", "architecture": {"input_modalities": "image"}, "input_modalities": [3]},
    ]
    gateway.models_script = Script(body={"object": "list", "data": data})
    printed = sync()
    assert takes() == {
        "gateway-large": (False, "text"),
        "both": (True, "native"),
        "sees": (True, "text"),
        "told": (False, "text"),
        "untold": (True, "native"),
        "odd": (False, "text"),
    }
    assert "changed: told takes no pictures, documents as text" in printed
    assert "changed" not in sync()
