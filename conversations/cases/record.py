"""JSON documents about one conversation in a case (an export for an investigation): the
conversation with all its branches, feedback and files, and the body of each request to the model
gateway."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from conversations.cases import files as case_files
from conversations.models import Feedback
from conversations.replies import request_body
from conversations.transfer import native_json

# Columns of a Response that only serve the writing of the reply, such as its lease.
_LEFT_OUT = {"lease", "heartbeat_at", "request", "partial", "partial_reasoning"}


def write(conversation):
    """Return the Conversation as a JSON document (text) in this site's own export format, which can
    be imported again. Added are its owner, feedback, files, and `calls`: the columns of each
    Response (request to the model gateway) with tokens and cost."""
    document = json.loads(native_json.write(conversation))
    document["owner"] = {
        "id": conversation.owner_id,
        "username": conversation.owner.username,
        "name": conversation.owner.display_name,
    }
    document["temporary"] = conversation.temporary
    document["deleted_for_owner_at"] = _plain(conversation.hidden_at)
    given = Feedback.objects.filter(message__conversation=conversation).order_by("created_at")
    document["feedback"] = [
        {
            "message": str(each.message_id),
            "value": each.value,
            "comment": each.comment,
            "at": _plain(each.changed_at),
        }
        for each in given
    ]
    document["files"] = [
        {
            "id": str(each.pk),
            "message": str(each.message_id),
            "name": each.name,
            "file": f"files/{case_files.name_of(each)}" if case_files.has_bytes(each) else None,
            "state": each.state,
            "media_type": each.media_type,
            "size": each.size,
            "sha256": each.sha256,
            "deleted_for_owner_at": _plain(each.hidden_at),
        }
        for each in case_files.of(conversation)
    ]
    responses = conversation.responses.order_by("created_at", "pk")
    document["calls"] = [_call(response) for response in responses.iterator(chunk_size=200)]
    return json.dumps(document, ensure_ascii=False, indent=2)


def inputs(conversation):
    """Yield `(UUID of the Response, JSON text)` for each request of the Conversation to the model
    gateway: the request body as it was sent. Requests that cannot be rebuilt, since a message in
    them was deleted, are left out."""
    for response in conversation.responses.order_by("created_at", "pk").iterator(chunk_size=200):
        try:
            body = request_body.rebuild(response, with_hidden=True)
        except (KeyError, ValueError):
            continue
        yield response.pk, json.dumps(body, ensure_ascii=False, indent=2)


def _call(response):
    """Return the columns of a Response as a dict of JSON values, without those in _LEFT_OUT."""
    fields = [field.attname for field in response._meta.concrete_fields]
    return {name: _plain(getattr(response, name)) for name in fields if name not in _LEFT_OUT}


def _plain(value):
    """Convert the value of a model field to one that JSON can hold: a datetime to ISO 8601 text in
    UTC, a Decimal or UUID to text; anything else is returned unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
