"""The site's settings with short times, for servers of tests that wait for one of them."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import SHORT_TIMES, WITHOUT_STYLES

globals().update(WITHOUT_STYLES, **SHORT_TIMES)
