"""Reader of one message in ChatGPT's export: its role and its text as Markdown. Pure.

Reads the forms of 2023 to 2026: text, pictures and speech; code; documents in the canvas, which are
calls of the tool `canmore`; reports of deep research, in the metadata of a tool's message.
"""

import json
import re
from dataclasses import dataclass

from conversations.transfer.chatgpt_citation_marks import resolve
from conversations.transfer.imported_conversation import FileNote, as_text

# Content that was not said: thoughts, settings, tools and their results.
UNSAID = {
    *("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"),
    *("execution_output", "computer_output", "tether_browsing_display", "tether_quote"),
    *("system_error", "stderr", "app_pairing_content", "sonic_webpage", "citable_code_output"),
}
# Shown in place of a message that was a picture, a recording or a file and nothing else.
PICTURE, SOUND, FILE = "🖼️", "🔊", "📎"

# The languages of canvas documents that Markdown knows by another name.
_LANGUAGES = {"react": "jsx", "other": "", "unknown": ""}
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")
_FENCE = re.compile(r"`{3,}")
# Writing blocks: `:::writing{variant="email" subject="Hello"}` … `:::`.
_WRITING = re.compile(
    r"^:::+ ?writing\b(?P<attributes>\{[^}\n]*\})?[ \t]*\n(?P<text>.*?)(?:^:::+[ \t]*$\n?|\Z)",
    re.MULTILINE | re.DOTALL,
)
_ASSET = re.compile(r"\bfile[-_][A-Za-z0-9]{2,64}")
_SUBJECT = re.compile(r'subject="([^"\n]{1,300})"')


@dataclass(frozen=True, slots=True)
class Said:
    """Content of one message: `role` ("user" or "assistant"), `text` (Markdown), `files`, a tuple
    of FileNotes of pictures and files whose bytes may be in the export's zip, and `attachments`,
    the number of further ones whose bytes cannot be there. If `stands_in` is True, the message has
    no text of its own, and `text` only shows that `files` are there: by their names or emoji."""

    role: str
    text: str
    attachments: int = 0
    files: tuple = ()
    stands_in: bool = False


def read_message(message, sources):
    """Return the Said for `message`, a message object of ChatGPT's export (dict); None for one that
    the person does not see, such as thoughts, hidden messages and most messages of tools.

    `sources` are the web sources of the conversation, as `find_sources` returns them: citation
    marks in the text become links to them.
    """
    author, content = message.get("author"), message.get("content")
    metadata = message.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    role = author.get("role") if isinstance(author, dict) else None
    if report := _report(metadata, sources):
        return Said("assistant", report)
    if metadata.get("is_visually_hidden_from_conversation") or not isinstance(content, dict):
        return None
    recipient = as_text(message.get("recipient")) or "all"
    if role == "assistant" and recipient.partition(".")[0] in ("canmore", "canvas"):
        text = _canvas(content)
        return Said("assistant", text) if text.strip() else None
    if recipient != "all":
        return None
    if role == "tool":
        return _made_picture(content)
    if role not in ("user", "assistant") or content.get("content_type") in UNSAID:
        return None
    return _said(role, content, metadata, sources)


def _said(role, content, metadata, sources):
    """Return the Said for a message of text, code, pictures, speech or an unknown kind; None if it
    has no text and no attachments. `content` and `metadata` are the objects of the message that
    have these names, `role` is its author's, `sources` as for `read_message`."""
    if content.get("content_type") == "code":
        text = fenced(_raw(content), as_text(content.get("language")))
        return Said(role, text) if text else None
    parts = _parts(content) or [content.get("text")]
    texts = [_part_text(part) for part in parts]
    unsaid = [part for part, text in zip(parts, texts, strict=True) if _is_other(part, text)]
    attached = metadata.get("attachments")
    attached = [each for each in attached if isinstance(each, dict)] if _is_list(attached) else []
    files = _file_notes(unsaid, attached)
    count = max(len(unsaid), len(attached), len(files)) - len(files)
    text = "\n\n".join(text for text in texts if text.strip())
    text = _without_writing_blocks(resolve(text, metadata, sources))
    stands_in = not text.strip()
    if stands_in:
        text = _names(attached) or " ".join(map(_symbol, unsaid))
    return Said(role, text, count, files, stands_in and not count) if text.strip() else None


def _file_notes(parts, attached):
    """Return a tuple of FileNotes, each file once: for the `parts` of a message that are pictures
    or files, and for `attached`, the objects in its metadata that name what was uploaded. Those
    without an id are left out, and recordings, which have their transcript."""
    found = {}
    for each in attached:
        if asset := asset_in(as_text(each.get("id"))):
            found[asset] = FileNote(as_text(each.get("name")), asset=asset)
    for part in parts:
        kind = as_text(part.get("content_type"))
        asset = asset_in(as_text(part.get("asset_pointer")))
        if asset and not ("audio" in kind or "video" in kind):
            found.setdefault(asset, FileNote("", asset=asset))
    return tuple(found.values())


def asset_in(text):
    """Return the id of a file in `text`, a pointer such as `file-service://file-AbC` (until 2025)
    or `sediment://file_00ab`, or the name of a zip's member such as `file-AbC-photo.png`; "" if
    there is none."""
    found = _ASSET.search(text.rpartition("://")[2])
    return found[0] if found else ""


def _part_text(part):
    """Return the text of `part`, an entry of a message's `parts` (text or a dict); of recorded
    speech the transcript; "" if it has none."""
    if isinstance(part, dict) and part.get("content_type") in ("text", "audio_transcription"):
        part = part.get("text")
    return as_text(part)


def _is_other(part, text):
    """Return True if `part`, an entry of a message's `parts`, is a picture, a recording or a file,
    not text. `text` is the text found in it."""
    return isinstance(part, dict) and not text and bool(part)


def _symbol(part):
    """Return the emoji to show in place of `part`, an entry of a message's `parts` (dict) that is
    not text."""
    kind = as_text(part.get("content_type"))
    if "audio" in kind or "video" in kind:
        return SOUND
    return PICTURE if "image" in kind else FILE


def _names(attached):
    """Return the names of `attached` (a list of dicts, the attachments in a message's metadata) as
    Markdown, each on a line of its own after an emoji; "" if none has a name."""
    lines = []
    for each in attached:
        name = " ".join(as_text(each.get("name")).split())[:200]
        media_type = as_text(each.get("mime_type") or each.get("mimeType"))
        if name:
            lines.append(f"{PICTURE if media_type.startswith('image/') else FILE} {name}")
    return "  \n".join(lines)


def _made_picture(content):
    """Return the Said for a tool's message whose `content` (dict) has only pictures, which were
    generated for the person; None for any other."""
    parts = [part for part in _parts(content) if part not in ("", None)]
    if not parts or not all(_is_picture(part) for part in parts):
        return None
    files = _file_notes(parts, ())
    return Said("assistant", " ".join([PICTURE] * len(parts)), len(parts) - len(files), files, True)


def _is_picture(part):
    return isinstance(part, dict) and "image" in as_text(part.get("content_type"))


def _report(metadata, sources):
    """Return the text (Markdown) of a deep research report from `metadata`, that of a tool's
    message, which has it as JSON within JSON; "" if there is none. `sources` as for
    `read_message`."""
    state = metadata.get("chatgpt_sdk")
    state = _loaded(state.get("widget_state")) if isinstance(state, dict) else None
    report = state.get("report_message") if isinstance(state, dict) else None
    if isinstance(report, str):
        return resolve(as_text(report), metadata, sources)
    if not isinstance(report, dict):
        return ""
    content, own = report.get("content"), report.get("metadata")
    text = _raw(content) if isinstance(content, dict) else as_text(content)
    return resolve(text, own if isinstance(own, dict) else metadata, sources)


def _canvas(content):
    """Return the text of a call of the canvas tool as Markdown: a new document, the text that
    replaces parts of one, or comments on one. `content` is the dict of that name in the message."""
    raw = _raw(content)
    call = _loaded(raw)
    if not isinstance(call, dict):
        return fenced(raw, "json") if raw.strip() else ""
    pieces = []
    if isinstance(call.get("content"), str):
        name = " ".join(as_text(call.get("name")).split()).replace("*", "")
        kind, _slash, language = as_text(call.get("type")).partition("/")
        text = as_text(call["content"])
        pieces = [f"**{name}**" if name else ""]
        pieces.append(fenced(text, language) if kind == "code" else text)
    for update in call.get("updates") if _is_list(call.get("updates")) else []:
        if isinstance(update, dict):
            pieces.append(as_text(update.get("replacement")))
    for comment in call.get("comments") if _is_list(call.get("comments")) else []:
        if isinstance(comment, dict):
            pieces.append(as_text(comment.get("comment")))
    return "\n\n".join(piece for piece in pieces if piece.strip())


def fenced(text, language):
    """Return `text` as a fenced code block in Markdown, labelled with the programming language
    `language` (text; left out if it is not 1 to 40 letters, digits or `_+#.-`); "" for a blank
    text. The fence is longer than any row of backticks in the text."""
    if not text.strip():
        return ""
    language = _LANGUAGES.get(language, language)
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language if _LANGUAGE.fullmatch(language) else ''}\n{text}\n{fence}"


def _without_writing_blocks(text):
    """Return `text` without the lines `:::writing…` and `:::` around a draft; the subject of an
    e-mail is kept, in bold."""
    if ":::" not in text:
        return text

    def shown(match):
        subject = _SUBJECT.search(match["attributes"] or "")
        return (f"**{subject[1]}**\n\n" if subject else "") + match["text"]

    return _WRITING.sub(shown, text)


def _raw(content):
    """Return the text of a message's `content` (dict): its field `text`, else its `parts` joined by
    blank lines."""
    return as_text(content.get("text")) or "\n\n".join(
        text for text in map(_part_text, _parts(content)) if text.strip()
    )


def _parts(content):
    parts = content.get("parts")
    return parts if isinstance(parts, list) else []


def _loaded(value):
    """Return `value` parsed if it is a JSON text (None if that is invalid), else unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _is_list(value):
    return isinstance(value, list)
