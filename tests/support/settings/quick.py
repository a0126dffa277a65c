"""Settings for test servers with short times (heartbeats, timeouts), for tests that wait for one to
pass; without collected static files."""

from chatsite.settings import *  # noqa: F403
from tests.support.settings import SHORT_TIMES, WITHOUT_STYLES

globals().update(WITHOUT_STYLES, **SHORT_TIMES)
