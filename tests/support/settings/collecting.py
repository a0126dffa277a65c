"""Settings for tests of collectstatic: the site's, with the folder that the environment variable
STATIC_ROOT names."""

import os

from chatsite.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
