"""The gateway's key: on no page, in no log, in nothing stored, whatever the gateway sends back."""

import json

import pytest
from django.forms import model_to_dict

from conversations.models import Message
from tests.support.server import KEY

COMPLAINT = {"message": f"Incorrect key: {KEY}.", "code": KEY, "type": KEY}
ECHOES = {
    "as JSON": {"status": 401, "body": {"error": COMPLAINT}},
    "as text": {"status": 401, "body": f"No such key {KEY}"},
    "on a page": {"status": 401, "body": f"<html>key {KEY}</html>"},
    "as the id": {"status": 500, "body": "Oops", "headers": {"x-request-id": KEY}},
    "nested": {"status": 400, "body": {"error": {"message": json.dumps({"error": COMPLAINT})}}},
    "inside 200": {"body": {"error": COMPLAINT}},
    "in a stream": {
        "chunks": [
            b'data: {"type":"response.output_text.delta","delta":"Half a "}\n\n',
            f"data: {json.dumps({'type': 'error', 'error': COMPLAINT})}\n\n".encode(),
        ]
    },
}


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES.keys())
def test_a_key_that_is_sent_back_goes_nowhere(stage, here, visitor, script):
    stage.gateway.will(script)
    response = visitor.ask("Hello")
    shown = [event.data for event in visitor.watch(response.pk)]
    shown.append(visitor.get(f"/conversations/{response.conversation_id}/").text)
    assert stage.gateway.responses[0].headers["authorization"] == f"Bearer {KEY}"
    response.refresh_from_db()
    assert response.status == "failed"
    message = Message.objects.get(pk=response.message_id)
    stored = [str(value) for row in (response, message) for value in model_to_dict(row).values()]
    for place in (*shown, *stored, here.output()):
        assert KEY not in place
