"""Pictures that replies make. Each is read in the child process, like an upload, and stored as an
Attachment of the reply's message; its owner is the conversation's."""

from conversations.extraction.picture_formats import begins_like_one
from conversations.files import intake
from conversations.files.refused import FileRefused
from conversations.models import Message

# Codes of FileRefused with which a picture is stored as it came, unread, to be downloaded only.
AS_THEY_ARE = ("unknown", "archive", "heic", "old_office", "encrypted")
_HEAD = 4_096  # bytes


def take_picture(message_id, file, number):
    """Store the open binary `file`, a picture that a reply made; return its Attachment.
    `message_id` is the id of the reply's Message, `number` counts its pictures. An SVG, or a
    picture of a format that is not read here, is stored as a file to download. Blocks for up to a
    minute.

    Raise FileRefused if the picture is broken, there is no room, or the message was deleted
    ("gone").
    """
    try:
        message = Message.objects.select_related("conversation__owner").get(pk=message_id)
    except Message.DoesNotExist:
        raise FileRefused("gone") from None
    name = f"picture-{number}{_ending_of(file)}"
    return intake.take_made(message, file, name, position=number, as_they_are=AS_THEY_ARE)


def _ending_of(file):
    """Return the ending for the name of the picture in the open `file`, by its first bytes: ".svg",
    ".png" for every format that is read here, else ".bin"."""
    head = file.read(_HEAD)
    file.seek(0)
    if b"<svg" in head:
        return ".svg"
    return ".png" if begins_like_one(head) else ".bin"


def members_of(attachment):
    """Return the members that the JSON of an output item gets for its file `attachment` (an
    Attachment), a dict: `file` (id) and, for a picture, `width` and `height` in pixels, else
    `filename`."""
    members = {"file": str(attachment.pk)}
    if attachment.is_picture and attachment.is_ready:
        return {**members, "width": attachment.width, "height": attachment.height}
    return {**members, "filename": attachment.name}
