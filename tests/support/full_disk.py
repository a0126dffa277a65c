"""The site's settings on a disk that holds MOST_PAGES pages of the database."""

import os

from tests.support.quick import *  # noqa: F403
from tests.support.quick import DATABASES

DATABASES["default"]["OPTIONS"]["init_command"] += (
    f"PRAGMA max_page_count={int(os.environ['MOST_PAGES'])};"
)
