"""The site's settings with addresses that fail; without its style sheets, which take seconds."""

from tests.support.quick import *  # noqa: F403

ROOT_URLCONF = "tests.support.failing_urls"
