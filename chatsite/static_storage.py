"""Storage of static files: names and compresses them when `collectstatic` collects them."""

import hashlib
import json
import logging
from pathlib import Path

from django.apps import apps
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile
from servestatic.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Storage of static files with a hash in their names, also in the `import` lines of this site's
    ES modules, so that browsers may cache them for ever.

    The manifest, its list of collected files, also has the digest of their sources
    (`digest_of_sources`).
    """

    support_js_module_import_aggregation = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._told = set()  # names that were logged as missing

    def read_manifest(self):
        """Return the text of the manifest; None if there is none that can be read, so that the
        server starts and says what is missing."""
        try:
            content = super().read_manifest()
            json.loads(content or "{}")
        except (OSError, ValueError):
            return None
        return content

    def stored_name(self, name):
        """Return the name with a hash of the static file `name`; `name` itself if it was not
        collected. A page without its styles can be read, also the one that says what is missing;
        with an exception here not even an error page could be drawn."""
        try:
            return super().stored_name(name)
        except ValueError:
            if self.hashed_files and name not in self._told:
                self._told.add(name)
                logger.error("The static file %s is not collected.", name)
            return name

    def add_stats_to_manifest(self):
        """Write the manifest with what ServeStatic adds to it and, as `sources`, the digest of the
        files that were collected."""
        super().add_stats_to_manifest()
        stored = {**json.loads(self.read_manifest()), "sources": digest_of_sources()}
        self.manifest_storage.delete(self.manifest_name)
        self.manifest_storage._save(self.manifest_name, ContentFile(json.dumps(stored).encode()))

    def is_stale(self):
        """Return True if other files were collected than those that this release has now."""
        stored = json.loads(self.read_manifest() or "{}")
        return stored.get("sources") != digest_of_sources()

    def compress_files(self, paths):
        """Compress those files of `paths` that have no compressed copy; the hash in a name says
        that its file has not changed. Return an iterator of `(path, path of a compressed copy)`,
        which compresses them only when it is read.

        Compressing all of them again took eight seconds of each start and each reload.
        """
        return super().compress_files([path for path in paths if not self._is_compressed(path)])

    def _is_compressed(self, path):
        """Return True if the static file at `path` has a compressed copy already."""
        return Path(self.path(f"{path}.gz")).exists() and Path(self.path(f"{path}.br")).exists()


def sources():
    """Yield `(name, storage)` of each static file of this release, before it is collected."""
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    for finder in get_finders():
        yield from finder.list(ignored)


def digest_of_sources():
    """Return the SHA-256, in hexadecimal digits, of names and contents of all static files of this
    release."""
    digest = hashlib.sha256()
    for name, storage in sorted(sources(), key=lambda each: each[0]):
        with storage.open(name) as file:
            content = file.read()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
