"""The site's settings with addresses that fail."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import SHORT_TIMES, WITHOUT_STYLES

globals().update(WITHOUT_STYLES, **SHORT_TIMES)
ROOT_URLCONF = "tests.support.failing_urls"
