"""What a probe of a gateway finds."""

import base64
import io

import pytest
from PIL import Image
from pypdf import PdfReader

from conversations.upstream.probe import ROWS
from conversations.upstream.probe_files import WORD
from tests.support.event_folding import findings
from tests.support.gateway import Script
from tests.support.sse_frames import completed, created, delta, stream


@pytest.fixture
def strict(gateway):
    """A gateway that refuses what it should."""
    gateway.key = "sk-the-secret-key"
    gateway.knows_all_models = False
    return gateway


def test_a_good_gateway_has_nothing_off(strict):
    found = findings(strict.url)
    assert [name for name, row in found.items() if not row.ok] == []
    assert list(found) == list(ROWS)
    assert found["models"].value == "2"
    assert found["stream"].value == "responses-stream"
    assert found["whole"].value == "responses-body"
    assert found["usage_stream"].value == "18"
    assert float(found["first_token"].value) <= float(found["total"].value)
    assert found["wrong_key"].value == "unauthorized"
    assert found["unknown_model"].value == "model_not_found"


def test_it_sends_what_the_site_does_and_asks_for_little(strict):
    findings(strict.url)
    bodies = [request.body for request in strict.responses]
    assert all(turn["type"] == "message" for body in bodies for turn in body["input"])
    assert ["user", "assistant", "user"] in [
        [turn["role"] for turn in body["input"]] for body in bodies
    ]
    assert sum("instructions" in body for body in bodies) == 1
    assert [body["reasoning"] for body in bodies if "reasoning" in body] == [{"effort": "low"}]
    assert all(body["store"] is False for body in bodies)
    assert all(body["max_output_tokens"] == 16 for body in bodies)
    assert len(bodies) == 9


def test_it_sends_a_picture_and_a_pdf_that_can_be_read(strict):
    findings(strict.url)
    parts = {
        part["type"]: part
        for request in strict.responses
        for turn in request.body["input"]
        if isinstance(turn["content"], list)
        for part in turn["content"]
    }
    picture = parts["input_image"]["image_url"].removeprefix("data:image/png;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB").size == (64, 64)
    document = parts["input_file"]["file_data"].removeprefix("data:application/pdf;base64,")
    [page] = PdfReader(io.BytesIO(base64.b64decode(document))).pages
    assert WORD in page.extract_text()


def test_a_gateway_that_speaks_chat_is_good_too(strict):
    strict.default = Script(dialect="chat")
    found = findings(strict.url)
    assert (found["whole"].value, found["stream"].value) == ("chat-body", "chat-stream")
    assert [name for name, row in found.items() if not row.ok] == []


def test_a_gateway_that_takes_any_key_and_any_model_is_told_of(gateway):
    found = findings(gateway.url)
    for name, code in (("wrong_key", "any_key"), ("unknown_model", "any_model")):
        assert (found[name].code, found[name].essential) == (code, False)
    keys = {request.headers["authorization"] for request in gateway.responses}
    assert len(keys) == 2


def test_after_a_refused_key_nothing_else_is_asked(gateway):
    gateway.key = "sk-another"
    found = findings(gateway.url)
    assert found["reachable"].ok
    assert found["key"].code == "unauthorized"
    assert {row.code for row in found.values()} == {"", "unauthorized", "not_asked"}
    assert len(gateway.requests) == 1


def test_a_stream_that_comes_all_at_once_is_told_of(strict):
    steps = [0.5, stream(created(), *map(delta, ["One ", "two ", "three"]), completed()).encode()]
    strict.default = Script(chunks=steps)
    assert findings(strict.url)["growing"].code == "held_back"
    strict.default = Script(pieces=5, first=0.4, pace=0.03)
    assert findings(strict.url)["growing"].ok


def test_how_an_answer_ends_that_its_limit_cut_is_told(strict):
    usage = {"input_tokens": 9, "output_tokens": 16, "total_tokens": 25}
    end = {"usage": usage, "incomplete_details": {"reason": "length"}}
    cut = stream(created(), delta("One two"), completed(kind="incomplete", **end))
    strict.default = Script(body=cut)
    row = findings(strict.url)["limit"]
    assert (row.ok, row.value) == (True, "incomplete max_output_tokens")


def test_a_model_that_thinks_until_its_limit_works(strict):
    end = {"incomplete_details": {"reason": "max_output_tokens"}}
    strict.default = Script(body=stream(created(), completed(kind="incomplete", **end)))
    assert [row.name for row in findings(strict.url).values() if row.essential and not row.ok] == []


def test_a_limit_that_is_not_heeded_is_told_of(strict):
    usage = {"input_tokens": 9, "output_tokens": 90, "total_tokens": 99}
    strict.default = Script(usage=usage)
    row = findings(strict.url)["limit"]
    assert (row.code, row.essential) == ("limit_ignored", False)


def test_a_limit_that_is_refused_is_told_of_and_not_sent_again(strict):
    error = {"code": "unsupported_parameter", "message": "Unsupported parameter: max_output_tokens"}
    strict.will(Script(status=400, body={"error": error}))
    found = findings(strict.url)
    assert (found["limit"].code, found["limit"].essential) == ("unsupported", False)
    assert [name for name, row in found.items() if not row.ok] == ["limit"]
    assert "max_output_tokens" not in strict.responses[-1].body


def test_a_gateway_that_answers_only_streams_is_good(strict):
    strict.default = Script(stream=True)
    found = findings(strict.url)
    assert [row.name for row in found.values() if not row.ok] == ["whole"]
    assert not found["whole"].essential


@pytest.mark.parametrize(
    ("script", "name", "code", "essential"),
    [
        (Script(usage=None), "usage_stream", "no_usage", False),
        (Script(stream=False), "stream", "not_streamed", False),
        (Script(stream=True), "whole", "not_whole", False),
        (Script(text=""), "stream", "no_text", True),
        (Script(text=""), "whole", "no_text", False),
        (Script(fault="cut"), "stream", "broken", True),
        (Script(body=b"<html>"), "stream", "not_api", True),
        (Script(status=401, body={"error": {"message": "No."}}), "key", "unauthorized", True),
        (Script(status=404, body={"error": {"message": "No."}}), "stream", "not_found", True),
    ],
)
def test_what_is_off_is_named(gateway, script, name, code, essential):
    gateway.default = script
    row = findings(gateway.url)[name]
    assert (row.ok, row.code, row.essential) == (False, code, essential)


def test_a_model_that_is_not_listed_is_named(gateway):
    row = findings(gateway.url, model="other")["models"]
    assert (row.ok, row.code, row.essential) == (False, "not_listed", False)


def test_a_gateway_without_a_list_is_no_failure(gateway):
    gateway.models_script = Script(status=404, body={"detail": "Not Found"})
    row = findings(gateway.url)["models"]
    assert (row.code, row.message, row.essential) == ("no_list", "Not Found", False)
    gateway.models_script = Script(body={"data": []})
    assert findings(gateway.url)["models"].code == "no_list"


def test_without_a_connection_nothing_else_is_asked(gateway):
    gateway.refuse_connections()
    found = findings(gateway.url)
    assert found["reachable"].code == "connect"
    assert {row.code for row in found.values()} == {"connect", "not_asked"}
