"""Refusals: every shape of body and every status, and what the reader may see of them."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from conversations.upstream.error_codes import CODES
from conversations.upstream.gateway_errors import refusal
from conversations.upstream.gateway_text import Redactor

JSON = {"content-type": "application/json"}
HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>secret stack</body></html>"


def refused(status, body="", headers=JSON, redactor=None):
    if not isinstance(body, str | bytes):
        body = json.dumps(body)
    body = body.encode() if isinstance(body, str) else body
    return refusal(
        status, headers, body, redactor or Redactor("sk-our-own-key-123", "relay.example.org")
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}, "No."),
        ({"error": {"message": "No.", "code": 400}}, "No."),
        ({"error": {"message": "No.", "code": "400"}}, "No."),
        ({"error": {"message": "No.", "code": None}}, "No."),
        ({"error": {"message": "No.", "code": ""}}, "No."),
        ({"type": "error", "error": {"type": "t", "message": "No."}, "request_id": "r"}, "No."),
        ({"error": "No."}, "No."),
        ({"detail": "No."}, "No."),
        (
            {"detail": [{"loc": ["body", "input"], "msg": "Field required", "type": "missing"}]},
            "body.input: Field required",
        ),
        ({"message": "No."}, "No."),
        ({"msg": "No.", "code": 7}, "No."),
        ({"success": False, "message": "额度不足"}, "额度不足"),
        ("EOF while parsing a value", "EOF while parsing a value"),
        ('data: {"error": {"message": "No.", "code": "500"}}\n\ndata: [DONE]\n\n', "No."),
        (
            {"error": {"message": 'litellm.X: Y - {"error": {"message": "No."}}\n\nLiteLLM: so'}},
            "No.",
        ),
        ({"error": {"message": '{"error": {"message": "No."}}'}}, "No."),
        ({"error": {"message": "Use {braces} well."}}, "Use {braces} well."),
        ({"error": {}}, "status 400, application/json"),
        ({"error": {"message": 3}}, "status 400, application/json"),
        ({"hello": "world"}, "status 400, application/json"),
        ("{broken", "status 400, application/json"),
        ("", "status 400, empty"),
        (HTML, "status 400, application/json"),
        ("\r\n  <!DOCTYPE html>", "status 400, application/json"),
        (b"\xff\xfe bad bytes", "\ufffd\ufffd bad bytes"),
    ],
)
def test_the_gateways_own_sentence_is_found_in_every_shape(body, message):
    assert refused(400, body).message == message


def test_html_is_summarised_and_never_shown():
    failed = refused(502, HTML, {"content-type": "text/html; charset=utf-8"})
    assert failed.message == "status 502, text/html"


def test_text_called_html_is_not_shown_either():
    failed = refused(502, "Bad Gateway", {"content-type": "text/html"})
    assert failed.message == "status 502, text/html"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, {}, "refused"),
        (400, {"code": "context_length_exceeded"}, "context_length"),
        (400, {"type": "exceed_context_size_error"}, "context_length"),
        (400, {"message": "This model's maximum context length is 50 tokens."}, "context_length"),
        (400, {"type": "no_db_connection"}, "unauthorized"),
        (400, {"message": "Unsupported parameter: 'temperature'"}, "unsupported"),
        (400, {"code": "unsupported_value"}, "unsupported"),
        (400, {"message": "Invalid model name: the model x does not exist"}, "model_not_found"),
        (401, {}, "unauthorized"),
        (402, {}, "quota"),
        (403, {}, "refused"),
        (403, {"code": "insufficient_user_quota"}, "quota"),
        (403, {"code": "pre_consume_token_quota_failed"}, "quota"),
        (404, {}, "not_found"),
        (404, {"message": "Invalid URL (POST /v1/responses)"}, "not_found"),
        (404, {"code": "model_not_found"}, "model_not_found"),
        (404, {"message": "The model `gpt-9` does not exist"}, "model_not_found"),
        (405, {}, "not_found"),
        (408, {}, "refused"),
        (409, {}, "refused"),
        (413, {}, "too_large"),
        (415, {}, "refused"),
        (422, {}, "refused"),
        (400, {"code": "moderation_blocked"}, "moderation"),
        (403, {"type": "content_policy_violation"}, "moderation"),
        (400, {"moderation_details": {"categories": ["violence"]}}, "moderation"),
        (503, {"code": "moderation_blocked"}, "server"),
        (429, {}, "rate_limited"),
        (429, {"code": "insufficient_quota"}, "quota"),
        (429, {"type": "insufficient_quota"}, "quota"),
        (500, {}, "server"),
        (500, {"code": "convert_request_failed", "message": "not implemented"}, "not_found"),
        (501, {"code": "api_not_implemented"}, "not_found"),
        (502, {}, "server"),
        (503, {"code": "model_not_found"}, "model_not_found"),
        (504, {}, "server"),
        (524, {}, "server"),
        (301, {}, "not_api"),
    ],
)
def test_every_status_has_a_code_of_ours(status, error, code):
    assert refused(status, {"error": {"message": "No.", **error}}).code == code
    assert code in CODES


def test_the_key_and_the_host_are_taken_out():
    message = (
        "Key sk-our-own-key-123 was refused by https://relay.example.org:8443/v1/responses, "
        "that is relay.example.org; try sk-ab******wxyz at other.example.org."
    )
    assert refused(401, {"error": {"message": message}}).message == (
        "Key [key] was refused by [gateway], that is [gateway]; try [key] at other.example.org."
    )


def test_the_key_is_taken_out_before_the_sentence_is_cut():
    message = "x" * 290 + " sk-our-own-key-123"
    assert "sk-" not in refused(400, {"error": {"message": message}}).message


def test_a_short_key_takes_no_syllable_out_of_a_word():
    redactor = Redactor("no", "ai")
    failed = refused(400, {"error": {"message": "no, nobody said it again"}}, redactor=redactor)
    assert failed.message == "[key], nobody said it again"


def test_a_sentence_is_one_line_of_at_most_300_characters():
    message = refused(
        400, {"error": {"message": "one\r\ntwo\t\x1b[31mthree\0 " + "x" * 400}}
    ).message
    assert message.startswith("one two [31mthree x")
    assert len(message) == 300
    assert message.endswith("…")


@pytest.mark.parametrize(
    "header",
    ["x-request-id", "request-id", "x-oneapi-request-id", "x-litellm-call-id", "cf-ray"],
)
def test_the_request_id_is_found(header):
    assert refused(400, headers={header: "req-1"}).request_id == "req-1"


def test_the_first_of_several_request_ids_wins():
    assert refused(400, headers={"cf-ray": "ray", "x-request-id": "req"}).request_id == "req"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"llm_provider-retry-after": "3"}, 3.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_how_long_to_wait_is_understood(headers, seconds):
    assert refused(429, headers=headers).retry_after == seconds


def test_how_long_to_wait_may_be_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 95 < refused(429, headers={"retry-after": later}).retry_after <= 100
