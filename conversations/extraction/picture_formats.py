"""Formats of pictures that are accepted, recognised by a file's first bytes: without Pillow, which
only the child process imports."""

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


def begins_like_one(head: bytes) -> bool:
    """Return True if `head`, at least the first 12 bytes of a file, is the beginning of a picture:
    JPEG, PNG, GIF or WEBP."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
