"""The storage of static files: names and compresses them when `collectstatic` collects them."""

from pathlib import Path

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Static files with a hash in their names, also in the `import` lines of this site's ES
    modules, so that browsers may keep them for ever."""

    support_js_module_import_aggregation = True

    def compress_files(self, paths):
        """Compress those files of `paths` that have no compressed copy; the hash in a name says
        that its file has not changed.

        Compressing all of them again took eight seconds of each start and each reload.
        """
        return super().compress_files([path for path in paths if not self._is_compressed(path)])

    def _is_compressed(self, path):
        """Return True if the static file at `path` has a compressed copy already."""
        return Path(self.path(f"{path}.gz")).exists() and Path(self.path(f"{path}.br")).exists()
