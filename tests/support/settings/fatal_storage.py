"""Settings with a file storage that kills the process at the step that the environment variable
FATAL names (tests/support/fatal_storage.py)."""

from chatsite.settings import *  # noqa: F403
from chatsite.settings import FILES, STORAGES

STORAGES = {**STORAGES, "files": {**FILES, "BACKEND": "tests.support.fatal_storage.FatalStorage"}}
