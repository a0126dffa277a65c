"""The site's settings for servers of tests without a browser."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import WITHOUT_STYLES

globals().update(WITHOUT_STYLES)
