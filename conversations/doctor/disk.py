"""Check of the disks: room for the database, the files and the uploads of this machine."""

import shutil
from pathlib import Path

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding

LITTLE, ALMOST_NONE = 2_000_000_000, 200_000_000  # bytes
LITTLE_SHARE = 0.05


def check():
    """Return the list of Findings about free room, one for each disk that the site writes to."""
    found, seen = [], set()
    for folder in _folders():
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        found.append(_room(folder))
    return found


def _folders():
    """Return the list of the folders (Paths) of this machine that the site writes to; for one that
    does not exist, the nearest folder above it."""
    wanted = [settings.UPLOAD_FOLDER, settings.IMPORT_FOLDER, settings.ERASURES_FILE.parent]
    if settings.FILES_FOLDER:
        wanted.append(settings.FILES_FOLDER)
    if settings.ON_SQLITE:
        wanted.insert(0, Path(settings.DATABASES["default"]["NAME"]).parent)
    return [existing(path) for path in wanted]


def existing(path):
    """Return `path` (a Path); if it does not exist, the nearest folder above it that does."""
    return next(each for each in (path, *path.parents) if each.exists())


def _room(folder):
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / 1e9:.1f}"
    if usage.free < ALMOST_NONE:
        level = PROBLEM
    elif usage.free < LITTLE or usage.free < usage.total * LITTLE_SHARE:
        level = WARNING
    else:
        return Finding(
            OK, format_lazy(_("{free} GB are free for {folder}."), free=free, folder=folder)
        )
    return Finding(
        level,
        format_lazy(_("Only {free} GB are free for {folder}."), free=free, folder=folder),
        _("Make room: on a full disk nothing can be stored."),
    )
