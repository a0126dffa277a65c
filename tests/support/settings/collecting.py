"""The site's settings with a folder of its own for static files, by the environment."""

import os

from chatsite.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
