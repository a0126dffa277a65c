"""How static files are named and compressed when they are collected."""

from pathlib import Path

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, also inside the `import` lines of our ES modules, so files never expire."""

    support_js_module_import_aggregation = True

    def compress_files(self, paths):
        """Compress what is new: the hash in its name says that nothing else has changed.

        Compressing all of them again took eight seconds of each start and each reload.
        """
        return super().compress_files([path for path in paths if not self._is_compressed(path)])

    def _is_compressed(self, path):
        return Path(self.path(f"{path}.gz")).exists() and Path(self.path(f"{path}.br")).exists()
