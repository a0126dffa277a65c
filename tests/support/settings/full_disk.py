"""Settings with a SQLite database that can grow to MOST_PAGES pages only (an environment variable),
as on a full disk."""

import os

from chatsite.settings import *  # noqa: F403
from chatsite.settings import DATABASES
from tests.support.settings import SHORT_TIMES, WITHOUT_STYLES

globals().update(WITHOUT_STYLES, **SHORT_TIMES)
DATABASES["default"]["OPTIONS"]["init_command"] += (
    f"PRAGMA max_page_count={int(os.environ['MOST_PAGES'])};"
)
