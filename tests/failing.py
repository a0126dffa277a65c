"""The site's settings with addresses that fail; without its style sheets, which take seconds."""

from tests.quick import *  # noqa: F403

ROOT_URLCONF = "tests.failing_urls"
