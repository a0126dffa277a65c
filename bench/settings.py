"""Settings for benchmarks: the site's, and the commands that fill a database with made-up rows."""

from chatsite.settings import *  # noqa: F403
from chatsite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
