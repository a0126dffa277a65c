"""JSON body of `POST /v1/responses`: built for a new Response, built again for a stored one.

What is kept in `Response.request` (instructions, parameters, tools, ids of the first and the last
message) is enough to build the same body again from the stored messages.
"""

import uuid
from dataclasses import dataclass, replace

from django.conf import settings

from chatsite.logs import request_id
from conversations import prompt
from conversations.database.statements import as_stored, rows
from conversations.files import prompt_parts
from conversations.items import approvals
from conversations.models import Message, Response
from conversations.replies import titles
from conversations.thread.message_tree import MessageTree
from conversations.tools import fields_of
from conversations.tools.request import fields_stored

# Of the turns of one request: more than the context window of any model has, so that what one
# person has sent fits into memory whatever they have imported.
LONGEST_INPUT = 8_000_000  # characters
MOST_TURNS = 20_000
LOOKED_AT = 50  # newest replies, in which one with reported input tokens is looked for


@dataclass(frozen=True, slots=True)
class RequestBody:
    """Request to the gateway: `body` is the JSON that is sent (a dict), `request` the dict stored
    of it in `Response.request`, `texts` the list of all texts in it, from which its tokens are
    estimated.

    `file_tokens` is the estimate in tokens for pictures and other parts of files that are not text,
    `pictures` the number of pictures, `file_bytes` the bytes that files add to the body when it is
    sent.
    """

    body: dict
    request: dict
    texts: list
    file_tokens: int = 0
    pictures: int = 0
    file_bytes: int = 0

    @property
    def size(self):
        """The bytes of the body when it is sent, about: texts count by their characters."""
        return self.file_bytes + sum(map(len, self.texts))

    @property
    def priced_parameters(self):
        """The fields of the request that a price may depend on, as a dict: its parameters and its
        tools."""
        return _optional_fields(self.request)

    @property
    def max_output_tokens(self):
        """The most tokens that the reply may have; None if there is no limit."""
        return self.request["parameters"].get("max_output_tokens")


def build(question, *, person, model, effort="", length=None, with_files=True, tools=()):
    """Build the RequestBody that asks `model` (a LanguageModel) to answer the Message `question`.

    It has the messages from the root of the conversation down to `question`, as many of the newest
    as fit the model's context window and LONGEST_INPUT, and the instructions of the site, `person`
    and conversation.
    `effort` is the reasoning effort, "" for the model's own; `length` the most tokens of the reply,
    None for the model's own. Without `with_files` no file of any message is sent. `tools` are the
    Tools that are switched on.
    """
    conversation = question.conversation
    before, left_out = [], 0
    if question.parent_id is not None:
        before, left_out = turns_to(conversation, question.parent_id)
    turns = [*before, as_turn(question)]
    if question.is_answer:
        turns = _with_answers(turns)
    if with_files:
        turns = add_files(turns, conversation, model.name, model.files, made=model.images)
    instructions = prompt.join_instructions(
        settings.INSTRUCTIONS, person.instructions, conversation.instructions
    )
    limit = length or model.max_output_tokens
    kept = prompt.fit(
        turns,
        window=model.context_window,
        instructions=instructions,
        max_output_tokens=limit,
        bytes_per_token=_measured_ratio(turns) if model.context_window else None,
    )
    parameters = prompt.parameters(
        effort=effort,
        max_output_tokens=limit,
        max_tool_calls=settings.MAX_TOOL_CALLS if tools else None,
    )
    request = {
        "instructions": instructions,
        "parameters": parameters,
        **fields_of(tools),
        "first_message": str(kept[0].id),
        "last_message": str(turns[-1].id),
        "left_out": left_out + len(turns) - len(kept),
        "request_id": request_id.get(),
    }
    files = [turn.files for turn in kept if turn.parts]
    if files:
        request["files"] = {
            "count": sum(each.count for each in files),
            "mode": model.files,
            "made": model.images,
        }
    elif not with_files:
        request["files"] = {"left_out": True}
    body = prompt.body(
        kept,
        model=model.name,
        instructions=instructions,
        parameters=_optional_fields(request),
    )
    texts = [instructions, *(turn.text for turn in kept), *turns[-1].item_texts]
    return RequestBody(
        body,
        request,
        [*texts, *(text for each in files for text in each.texts)],
        file_tokens=sum(each.tokens for each in files),
        pictures=sum(each.pictures for each in files),
        file_bytes=sum(each.size for each in files),
    )


def rebuild(response, *, with_hidden=False):
    """Build again the JSON body (dict) of the request for the stored Response `response`.

    It equals the one that was sent, or is still to be sent, without files that were deleted since.
    Used to send a reply that was queued in another process, and to show what was sent: then
    `with_hidden` is True, which includes files that are deleted for their owner and kept under a
    legal hold. Raises KeyError or ValueError if a message of it was deleted.
    """
    if response.purpose == Response.Purpose.TITLE:
        return titles.rebuild_body(response)
    return prompt.body(
        _sent_turns(response, with_hidden),
        model=response.model,
        instructions=response.request["instructions"],
        parameters=_optional_fields(response.request),
    )


def files_gone(response):
    """Return how many of the files that were sent with the request of the stored Response
    `response` are deleted now, so that `rebuild` leaves them out. Those that a legal hold keeps are
    not counted. Raises what `rebuild` raises."""
    sent = response.request.get("files", {}).get("count", 0)
    if not sent:
        return 0
    kept = [turn.files for turn in _sent_turns(response, True) if turn.parts]
    return max(0, sent - sum(each.count for each in kept))


def _sent_turns(response, with_hidden):
    """Return the Turns that the request of the stored Response `response` consists of, with their
    files. `with_hidden` and what is raised are as in `rebuild`."""
    request = response.request
    path = MessageTree(response.conversation).path_to(uuid.UUID(request["last_message"]))
    at = path.index(uuid.UUID(request["first_message"]))
    # The pictures of the reply before the first message go with that.
    before = max(at - 1, 0)
    turns, first = _with_answers(_turns(response.conversation, path[before:])), at - before
    files = request.get("files", {})
    if mode := files.get("mode"):
        made = files.get("made", False)
        turns = add_files(
            turns, response.conversation, response.model, mode, made=made, with_hidden=with_hidden
        )
    return turns[first:]


def _optional_fields(request):
    """Return the optional fields of the body, its parameters and tools, as a dict. `request` is the
    value of `Response.request` (dict)."""
    return {**request["parameters"], **fields_stored(request)}


def add_files(turns, conversation, model_name, mode, *, made, with_hidden=False):
    """Return `turns` (Turns of `conversation`), with `files` set to what is sent of their files to
    the model `model_name`; `mode` is its LanguageModel.files. If `made` is True (the model takes
    pictures), the pictures that a reply made are sent with the message after it. `with_hidden` is
    as in `rebuild`."""
    if not rows(_HAS_FILES, as_stored(conversation.pk)):
        return turns
    asked = [turn.id for turn in turns if turn.role == Message.Role.USER]
    files = prompt_parts.by_message(asked, model_name, mode, with_hidden=with_hidden)
    replies = [turn.id for turn in turns if turn.role == Message.Role.ASSISTANT]
    pictures = {}
    if made and replies:
        pictures = prompt_parts.made_pictures(replies, model_name, with_hidden=with_hidden)
    found = []
    for before, turn in zip([None, *turns], turns, strict=False):
        own = files.get(turn.id)
        if turn.role == Message.Role.USER and before and (given := pictures.get(before.id)):
            own = own.after(given) if own else given
        found.append(replace(turn, files=own))
    return found


_HAS_FILES = "SELECT 1 FROM conversations_attachment WHERE conversation_id = %s LIMIT 1"


def as_turn(message):
    """Return the Message as a Turn, which is the prompt builder's form: id, role and text."""
    return prompt.Turn(message.pk, message.role, message.text)


def turns_to(conversation, message_id):
    """Return `(turns, left_out)`: the Turns (id, role, text) from the root of `conversation` down
    to the message with this id, oldest first ([] if that was deleted), and the number of older ones
    that are left out.

    Of a very long conversation they are the newest that have together at most LONGEST_INPUT
    characters and are no more than MOST_TURNS, the last one in any case.
    """
    tree = MessageTree(conversation, sized=True)
    path = tree.path_to(message_id)
    count, left = 0, LONGEST_INPUT
    for pk in reversed(path[-MOST_TURNS:]):
        left -= tree.size(pk)
        if left < 0 and count:
            break
        count += 1
    turns = _turns(conversation, path[len(path) - count :])
    if count < len(path):
        # As where the context window is too small, a person speaks first.
        asked = (at for at, turn in enumerate(turns) if turn.role == Message.Role.USER)
        turns = turns[next(asked, 0) :]
    return turns, len(path) - len(turns)


def _turns(conversation, ids):
    """Return the Turns (id, role, text) of the messages of `conversation` with these `ids`, in
    their order. Raises KeyError if one was deleted."""
    found = conversation.messages.filter(pk__in=ids).values_list("id", "role", "text")
    turns = {row[0]: prompt.Turn(*row) for row in found}
    return [turns[pk] for pk in ids]


def size_of(body):
    """Return the number of characters in the input of the request body `body` (a dict), without
    files that are filled in when it is sent."""
    size = 0
    for item in body["input"]:
        content = item.get("content") or ""
        parts = content if isinstance(content, list) else [{"text": content}]
        size += sum(len(part.get("text") or "") for part in parts)
    return size


def _with_answers(turns):
    """Return `turns` (Turns, the last one a stored message). If the last one answers requests for
    approval, its `items` are these requests and the answers, as the API takes them.

    Only the request for the next reply has them: with it the gateway uses the tool. In a later
    request they would have it used again, since the result (`mcp_call`) is never sent back.
    Requests for approval in a reply that was imported are not sent: a person could have written
    them.
    """
    found = (
        Message.objects.filter(pk=turns[-1].id, role=Message.Role.USER, items__isnull=False)
        .filter(parent__response__isnull=False)
        .values_list("parent__items", "items")
        .first()
    )
    if found is None:
        return turns
    asked, answers = found
    items = tuple(approvals.answered_input(asked or [], answers))
    return [*turns[:-1], replace(turns[-1], items=items)]


def _measured_ratio(turns):
    """Return the UTF-8 bytes per token of these Turns, at least 0.5, measured by the `input_tokens`
    that the gateway reported for the newest of their last LOOKED_AT replies that has such a report.
    None if none has, or if the request for that reply had files, which are tokens without text, or
    left earlier turns out."""
    replies = [(turn.id, at) for at, turn in enumerate(turns) if turn.role == "assistant"]
    known = dict(replies[-LOOKED_AT:])
    reported = Response.objects.filter(message_id__in=list(known), input_tokens__gt=0)
    last = max(reported, key=lambda response: known[response.message_id], default=None)
    # Pictures are tokens without characters.
    if last is None or last.request.get("left_out") or last.request.get("files"):
        return None
    sent = turns[: known[last.message_id]]
    size = sum(len(turn.text.encode("utf-8", "replace")) for turn in sent)
    size += len(last.request.get("instructions", "").encode("utf-8", "replace"))
    return max(size / last.input_tokens, 0.5)
