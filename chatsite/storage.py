"""How static files are named and compressed when they are collected."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, also inside the `import` lines of our ES modules, so files never expire."""

    support_js_module_import_aggregation = True
