"""Settings for test servers with addresses that fail (tests/support/failing_urls.py): the site's,
with short times and without collected static files."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import SHORT_TIMES, WITHOUT_STYLES

globals().update(WITHOUT_STYLES, **SHORT_TIMES)
ROOT_URLCONF = "tests.support.failing_urls"
