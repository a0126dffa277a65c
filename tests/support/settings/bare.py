"""Settings for test servers that no browser visits: the site's, without collected static files."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import WITHOUT_STYLES

globals().update(WITHOUT_STYLES)
