"""Settings for the test server of browsers: the site's, with REPLY_DEAD (seconds without a
heartbeat after which a reply counts as dead) short."""

from chatsite.settings import *  # noqa: F403

REPLY_DEAD = 4
