"""Check of the file permissions of what holds people's text or secrets."""

import os
import stat
from pathlib import Path

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chatsite.file_modes import private_files
from conversations.doctor import disk
from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding


def check():
    """Return the list of Findings about who may read and write the site's files on this machine."""
    found = [each for path in _private() if (each := _open_to_others(path))]
    found += [each for path in _written() if (each := _not_writable(path))]
    if os.geteuid() == 0:
        found.append(
            Finding(
                WARNING,
                _("The doctor runs as root, who may write everywhere."),
                _("Run it as the account of the site: sudo -u chatsite …"),
            )
        )
    return found or [
        Finding(OK, _("Secrets and people's text can be read by the site's account alone."))
    ]


def _private():
    """Return the list of the existing files and folders (Paths) that other accounts should not
    read."""
    paths = private_files(settings.DATABASES["default"], settings.BASE_DIR)
    paths += [settings.ERASURES_FILE, settings.IMPORT_FOLDER, settings.UPLOAD_FOLDER]
    if settings.FILES_FOLDER:
        paths.append(settings.FILES_FOLDER)
    paths += _secret_files()
    return [path for path in paths if path.exists()]


def _secret_files():
    """Return the list of the Paths of files with secrets that variables like SECRET_KEY_FILE name,
    except those under /run/, which a container runtime or systemd provides to this service
    alone."""
    return [Path(path) for path in settings.SECRET_FILES if not path.startswith("/run/")]


def _written():
    """Return the Paths of files and folders that the site has to write, each once, as the keys of a
    dict; for one that does not exist yet, the nearest folder above it."""
    paths = [settings.ERASURES_FILE, settings.IMPORT_FOLDER, settings.UPLOAD_FOLDER]
    if settings.FILES_FOLDER:
        paths.append(settings.FILES_FOLDER)
    return dict.fromkeys(disk.existing(path) for path in paths)


def _open_to_others(path):
    """Return the PROBLEM (a Finding) of a `path` to which all accounts, or a group other than that
    of this process, have any permission; None if they have not."""
    found = path.stat()
    # The group of this process is not "others": on Debian only the site's account is in it, in a
    # container it is the group 0.
    group = found.st_mode & stat.S_IRWXG and found.st_gid != os.getegid()
    if not found.st_mode & stat.S_IRWXO and not group:
        return None
    mode = "700" if path.is_dir() else "600"
    return Finding(
        PROBLEM,
        format_lazy(_("{path} can be read by other accounts."), path=path),
        f"chmod {mode} {path}",
    )


def _not_writable(path):
    """Return the PROBLEM of a `path` that this account cannot write; None if it can."""
    if os.access(path, os.W_OK):
        return None
    return Finding(
        PROBLEM,
        format_lazy(_("{path} cannot be written."), path=path),
        _("Give it to the account of the site, or name another folder in DATA_FOLDER."),
    )
