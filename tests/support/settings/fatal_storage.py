"""The site's settings with a storage in which the process is killed, where FATAL says so."""

from chatsite.settings import *  # noqa: F403
from chatsite.settings import FILES, STORAGES

STORAGES = {**STORAGES, "files": {**FILES, "BACKEND": "tests.support.fatal_storage.FatalStorage"}}
