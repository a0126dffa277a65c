"""Seal of a picture: a signature (HMAC with SECRET_KEY) that proves that this site encoded the
picture. Exports carry it along.

An uploaded picture is re-encoded, which drops whatever was hidden in it. A picture that this site
exported and imports again was re-encoded already, and is to stay as it is, byte for byte; its seal
proves that nobody changed it meanwhile.
"""

from django.core.signing import BadSignature, Signer

_signer = Signer(salt="conversations.files.seal")


def of(attachment):
    """Return the seal (text) of `attachment`, an Attachment with a picture; None for a document,
    whose bytes are never changed."""
    if not attachment.is_picture:
        return None
    return _signer.signature(_sealed(attachment.media_type, attachment.sha256))


def fits(seal, media_type, sha256):
    """Return True if this site made `seal` (text) for a picture of this media type and SHA-256 (in
    hexadecimal digits)."""
    try:
        _signer.unsign(f"{_sealed(media_type, sha256)}:{seal}")
    except BadSignature:
        return False
    return True


def _sealed(media_type, sha256):
    """Return the text that a seal signs: media type and SHA-256 (hexadecimal) of a picture."""
    return f"{media_type} {sha256}"
