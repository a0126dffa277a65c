"""Parts of a model's input for files: makes the `input_text`, `input_image` and `input_file` parts
of the Responses API from the Attachments of a message.

A part that needs bytes holds a reference (`attachment:…`) to the file storage until the request is
sent: a request with ten pictures has twenty megabytes, which no row and no transaction should
carry. The same file gives the same bytes each turn, so that the gateway's prompt cache stays valid.
"""

import base64
import copy
import re
from html import escape

from conversations.files import storage
from conversations.models import Attachment, LanguageModel
from conversations.models.attachment import PICTURES
from conversations.prompt import FileParts

# What stands in place of a data: URL: the scheme, the media type and the name in the storage.
REFERENCE = "attachment:"
NATIVE = LanguageModel.Files.NATIVE
# Estimates, for when the gateway reports no tokens: pixels of a picture per token (Claude's rule,
# which counts nearly as many tokens as the highest of the others), and tokens for the picture of
# each page of a document that is sent as a file.
PIXELS_PER_TOKEN = 750
TOKENS_PER_PAGE = 1_000
# OpenAI's rule for models (by the beginning of the name) that cut pictures into tiles of 512
# pixels: the picture is scaled to fit TILED_LONG and TILED_SHORT pixels, then the tiles counted.
TILED = ("gpt-4o", "gpt-4.1", "gpt-4.5", "chatgpt-4o", "o1", "o3")
TILE, TOKENS_PER_TILE, TOKENS_PER_PICTURE = 512, 170, 85
TILED_LONG, TILED_SHORT = 2_048, 768


class FileMissing(Exception):
    """Raised if the file storage lacks the bytes of a file that is to be sent to a model."""


def parts_of(attachments, model_name, mode):
    """Return the FileParts (parts of the request and their estimated size) for `attachments`, the
    list of Attachments of one message. `model_name` is the language model; `mode`, its
    LanguageModel.files, says whether it takes files themselves ("native") or their text ("text").
    Attachments that are not READY (not checked for viruses, not fetched) are left out."""
    ready = [each for each in attachments if each.is_ready and each.stored_id]
    documents = [each for each in ready if not each.is_picture]
    pictures = [each for each in ready if each.is_picture]
    native = [each for each in documents if _is_native(each, mode)]
    texts = {each.pk: _as_text(each) for each in documents if each not in native}
    parts = [
        _native_part(each) if each in native else {"type": "input_text", "text": texts[each.pk]}
        for each in documents
    ]
    parts += [
        {"type": "input_image", "detail": "auto", "image_url": _reference(each)}
        for each in pictures
    ]
    return FileParts(
        parts=tuple(parts),
        texts=tuple(texts.values()),
        tokens=sum(picture_tokens(each.width, each.height, model_name) for each in pictures)
        + sum(_document_tokens(each) for each in native),
        pictures=len(pictures),
        size=sum(_length_in_base64(each.size) for each in [*native, *pictures]),
    )


def by_message(message_ids, model_name, mode, *, with_hidden=False):
    """Return `{message id: FileParts}` for those messages of `message_ids` that have files, by one
    query. `model_name` is the language model; `mode`, its LanguageModel.files, says whether it
    takes files themselves ("native") or their text ("text"). Files that are deleted for their owner
    and kept under a legal hold are included only if `with_hidden` is True."""
    attachments = {}
    for each in _sent(with_hidden).filter(message_id__in=message_ids).select_related("stored"):
        attachments.setdefault(each.message_id, []).append(each)
    return {
        message_id: parts_of(each, model_name, mode) for message_id, each in attachments.items()
    }


def _sent(with_hidden):
    """Return the manager of Attachments, with those that only a legal hold keeps if `with_hidden`
    is True."""
    return Attachment.with_hidden if with_hidden else Attachment.objects


def made_pictures(message_ids, model_name, *, with_hidden=False):
    """Return `{message id: FileParts}` for those of the replies `message_ids` that made pictures,
    by one query: the `input_image` parts that show these pictures to the model `model_name`.
    `with_hidden` as in `by_message`."""
    found = {}
    pictures = _sent(with_hidden).filter(message_id__in=message_ids, media_type__in=PICTURES)
    for each in pictures.select_related("stored").defer("text"):
        found.setdefault(each.message_id, []).append(each)
    parts = {message_id: parts_of(each, model_name, "") for message_id, each in found.items()}
    return {message_id: each for message_id, each in parts.items() if each.parts}


def picture_tokens(width, height, model_name):
    """Return the estimated number of tokens of a picture of `width` × `height` pixels (None counts
    as 1) for the model `model_name`: by OpenAI's rule of tiles if the name, without a provider
    before "/", begins with one of TILED, else a token for every PIXELS_PER_TOKEN pixels."""
    width, height = width or 1, height or 1
    name = model_name.rpartition("/")[2].lower()
    if not name.startswith(TILED):
        return -(-width * height // PIXELS_PER_TOKEN)
    scale = min(1, TILED_LONG / max(width, height))
    scale *= min(1, TILED_SHORT / (min(width, height) * scale))
    tiles = -(-int(width * scale) // TILE) * -(-int(height * scale) // TILE)
    return TOKENS_PER_PICTURE + TOKENS_PER_TILE * tiles


def fill(body):
    """Return the request body `body` (a dict) with data: URLs in place of references to stored
    files, ready to be sent; `body` itself if it has no reference. Reads the file storage. Raise
    FileMissing if bytes are not there."""
    if not has_references(body):
        return body
    body = copy.copy(body)
    body["input"] = [_filled(item) for item in body["input"]]
    return body


def has_references(body):
    """Return True if the request body `body` (a dict) refers to bytes in the file storage, which
    `fill` has to put in."""
    return any(_refers(part) for item in body.get("input", ()) for part in _content(item))


def _content(item):
    """Return the list of content parts of `item`, an item of a request's input; [] if it has no
    parts."""
    content = item.get("content") if isinstance(item, dict) else None
    return content if isinstance(content, list) else []


# The beginning of a `<file` or `</file` tag within the text of a document.
_TAG = re.compile(r"<(?=\s{0,9}/?\s{0,9}file\b)", re.IGNORECASE)
_FIELDS = ("image_url", "file_data")


def _refers(part):
    """Return True if `part` (a dict, a content part of a request) holds a reference to a stored
    file."""
    return any(str(part.get(name, "")).startswith(REFERENCE) for name in _FIELDS)


def _filled(item):
    """Return `item`, an item of a request's input, with data: URLs in place of references."""
    content = _content(item)
    if not any(map(_refers, content)):
        return item
    return {**item, "content": [_filled_part(part) for part in content]}


def _filled_part(part):
    """Return a copy of the content part `part` (a dict) with data: URLs in place of references.
    Raise FileMissing if bytes are not in the storage."""
    filled = dict(part)
    for name in _FIELDS:
        if str(part.get(name, "")).startswith(REFERENCE):
            media_type, _space, stored = part[name].removeprefix(REFERENCE).partition(" ")
            try:
                content = storage.read(stored)
            except OSError as error:
                raise FileMissing(stored) from error
            filled[name] = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    return filled


def _reference(attachment):
    """Return the text that stands for the bytes of `attachment` until they are sent, such as
    "attachment:image/png NAME", with the name in the file storage."""
    return f"{REFERENCE}{attachment.media_type} {attachment.stored.name}"


def _is_native(attachment, mode):
    """Return True if the document `attachment` is sent as a file and not as its text: `mode` (a
    LanguageModel.files) is NATIVE, and its media type is neither `text/…` nor JSON."""
    return (
        mode == NATIVE
        and not attachment.media_type.startswith("text/")
        and (attachment.media_type != "application/json")
    )


def _native_part(attachment):
    """Return the `input_file` part of a request for `attachment`, with a reference to its bytes."""
    return {
        "type": "input_file",
        "filename": attachment.name,
        "file_data": _reference(attachment),
    }


def _as_text(attachment):
    """Return the text of the document `attachment` for a model: within `<file name="…">…</file>`.
    `<file` tags within the text are broken up, so that no document can end its own tag."""
    said = f' name="{escape(attachment.name)}"'
    if attachment.has_no_text:
        said += ' text="none was found: it may be a scan"'
    elif attachment.is_cut:
        where = f"after page {attachment.cut_after}" if attachment.cut_after else "at its end here"
        said += f' cut="{where}"'
    text = _TAG.sub(r"<\\", attachment.text)
    return f"<file{said}>{text}</file>"


def _document_tokens(attachment):
    """Return the estimated number of tokens of the document `attachment` when sent as a file: of
    its text and, for each page, of a picture of the page."""
    return attachment.characters // 3 + TOKENS_PER_PAGE * (attachment.pages or 0)


def _length_in_base64(size):
    """Return the length in characters of `size` bytes encoded in base64."""
    return -(-size // 3) * 4
