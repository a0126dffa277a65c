"""Check of the static files (style sheets, scripts): whether `collectstatic` collected those of
this release."""

from functools import cache

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chatsite import static_storage
from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding

STALE = _("The static files are those of another release: run manage.py collectstatic.")


def reload():
    """Read the list of collected files (the manifest) again; a process otherwise reads it once,
    when it starts."""
    if _have_a_list():
        files, digest = staticfiles_storage.load_manifest()
        staticfiles_storage.hashed_files, staticfiles_storage.manifest_hash = files, digest


def fault():
    """Return a sentence (a lazy translation) that says that static files of this release are not
    collected, with what to do; "" if they are, or if none have to be (DEBUG).

    Reads the list that `collectstatic` wrote, not the one that this process serves from.
    """
    if not _have_a_list():
        return ""
    collected = staticfiles_storage.load_manifest()[0]
    if not collected:
        return _("The static files are not collected: run manage.py collectstatic.")
    missing = sorted(_sources() - set(collected))
    if missing:
        return format_lazy(
            _(
                "Static files of this release are not collected ({name}): run "
                "manage.py collectstatic."
            ),
            name=missing[0],
        )
    gone = [name for name in collected.values() if not staticfiles_storage.exists(name)]
    if gone:
        return format_lazy(
            _("Collected static files are gone ({name}): run manage.py collectstatic."),
            name=gone[0],
        )
    return ""


def are_stale():
    """Return True if static files were collected from others than this release has, by names and
    contents; False where none have to be collected (DEBUG)."""
    return _have_a_list() and staticfiles_storage.is_stale()


def check():
    """Return the list of Findings about static files."""
    if settings.DEBUG:
        return [Finding(WARNING, _("DEBUG is on: static files are served as they are."))]
    if said := fault():
        return [Finding(PROBLEM, said)]
    if are_stale():
        return [Finding(PROBLEM, STALE)]
    return [Finding(OK, _("The static files of this release are collected."))]


def _have_a_list():
    """Return True if static files are collected with a list of their names (a manifest), as they
    are unless DEBUG is on."""
    return isinstance(staticfiles_storage, ManifestStaticFilesStorage)


@cache
def _sources():
    """Return the set of names of all static files of this release, before they are collected."""
    return {name for name, _storage in static_storage.sources()}
