"""`manage.py probe_gateway`: a table, a sentence for each thing that is off, an exit code."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations.gateway_sentences.probe_sentences import finding_label, finding_sentence
from conversations.upstream import CODES
from conversations.upstream.probe import PROBE_CODES, ROWS
from tests.support.gateway import Script
from tests.support.server import ROOT, free_port

KEY = "test-key-7f3a9c5e1b"
GOOD = "The gateway does what the site needs."


def run(url):
    """The command as an operator runs it: its exit code and all it printed."""
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_MODEL": "gpt-4o",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "probe_gateway"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.fixture
def probed(gateway, settings):
    """Probes the scripted gateway; what was printed, and whether it was found good."""

    def probed(*arguments):
        settings.DEMO = False
        settings.OPENAI_BASE_URL = gateway.url
        settings.OPENAI_API_KEY = KEY
        settings.OPENAI_MODEL = "gateway-large"
        out = StringIO()
        try:
            call_command("probe_gateway", *arguments, stdout=out)
        except CommandError as error:
            assert str(error) == "The gateway does not do what the site needs."
            return out.getvalue(), False
        return out.getvalue(), True

    return probed


def test_a_gateway_by_others_is_found_good(llmock):
    code, printed = run(llmock)
    assert (code, GOOD in printed) == (0, True)
    for label in ("reachable", "key accepted", "history accepted", "instructions accepted"):
        assert f"  {label:<26}ok" in printed
    assert "responses-stream" in printed
    assert KEY not in printed


def test_a_gateway_that_is_not_there_is_exit_code_1():
    code, printed = run(f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert f"reachable: {finding_sentence('connect')}" in printed
    assert f"instructions accepted: {finding_sentence('not_asked')}" in printed


def test_without_a_gateway_there_is_nothing_to_probe(settings):
    settings.DEMO = True
    with pytest.raises(CommandError, match="OPENAI_BASE_URL"):
        call_command("probe_gateway")


def test_another_model_can_be_asked(probed, gateway):
    printed, good = probed("--model", "gateway-small")
    assert good
    asked = {request.body["model"] for request in gateway.responses}
    assert "gateway-small" in asked
    assert "gateway-large" not in asked
    assert "gateway-small" in printed


def test_what_is_no_harm_is_said_and_passes(probed, gateway):
    gateway.default = Script(stream=False, usage=None)
    printed, good = probed()
    assert good
    assert finding_sentence("not_streamed") in printed
    assert finding_sentence("no_usage") in printed


def test_the_gateways_words_stand_below_ours_without_the_key(probed, gateway):
    gateway.default = Script(status=401, body={"error": {"message": f"Bad key {KEY}."}})
    printed, good = probed()
    assert not good
    assert f"{finding_sentence('unauthorized')}\n    Bad key [key].\n" in printed
    assert KEY not in printed


def test_each_finding_has_a_label_and_each_code_a_sentence():
    assert all(finding_label(name) != name for name in ROWS if name != "reachable")
    codes = [*CODES, *PROBE_CODES]
    assert len({finding_sentence(code) for code in [*codes, "unknown"]}) == len(codes) + 1
