"""Names of uploaded files, cleaned for display and downloads. They are text by strangers, and are
never used as paths on the disk."""

import posixpath
import unicodedata

from conversations.models.attachment import NAME_LENGTH

# What the name of a file cannot be on some system, and what ends a header or an attribute.
_REPLACED = {ord(each): "_" for each in '"<>|*?\\/:'}


def clean(name, otherwise="file"):
    """Return the file name `name` without folders, control and invisible characters; `otherwise` if
    nothing is left. `"<>|*?:` become "_". A name of more than NAME_LENGTH characters is cut before
    its ending (like ".pdf"), with "…" in place of what is missing.

    Characters that change the direction of text are left out: with one, `gpj.exe` is shown as
    `exe.jpg`.
    """
    name = posixpath.basename(str(name).replace("\\", "/"))
    name = unicodedata.normalize("NFC", name)
    kept = "".join(
        each for each in name if each == " " or unicodedata.category(each)[0] not in ("C", "Z")
    )
    kept = kept.translate(_REPLACED).strip(" .")
    if len(kept) <= NAME_LENGTH:
        return kept or otherwise
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 20:
        return kept[:NAME_LENGTH].rstrip(" .")
    return stem[: NAME_LENGTH - len(ending) - 2].rstrip(" .") + "…." + ending


def with_ending(name, ending):
    """Return the file name `name` with its ending replaced by `ending` (like ".jpg"), for a picture
    that was re-encoded in another format; unchanged if it has that ending in any case of letters,
    or ".jpeg" for ".jpg"."""
    stem, dot, old = name.rpartition(".")
    if f".{old.lower()}" in (ending, ".jpeg" if ending == ".jpg" else ending):
        return name
    return f"{stem if dot else name}{ending}"
