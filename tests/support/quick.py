"""The site's settings with short times, for servers of tests that wait for one of them."""

from tests.support.bare import *  # noqa: F403

REPLY_DEAD = 4
STREAM_COMMENT = 0.5
STREAM_STALLED = 2
STREAM_ACCESS = 1
TITLE_SECONDS = 2
TRASH_SWEEP = 1
# One person of a test does what many do at a site; the shares have tests of their own.
PERSON_SHARE = 100
CONCURRENT_REPLIES = 0
