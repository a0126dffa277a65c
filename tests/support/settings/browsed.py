"""The site's settings for the server of tests with a browser: as it is, but with short times."""

from chatsite.settings import *  # noqa: F403

REPLY_DEAD = 4
