"""ASGI application that gunicorn serves: Lifespan around BodyLimit around Django's Handler."""

import os
import sys

import django

# httpx imports its command line wherever click and rich are installed: 4 MB of each process.
sys.modules.setdefault("httpx._main", None)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup(set_prefix=False)

from chatsite.asgi_handler import Handler  # noqa: E402
from chatsite.body_limit import BodyLimit  # noqa: E402 (needs Django to be set up)
from chatsite.lifespan import Lifespan  # noqa: E402

application = Lifespan(BodyLimit(Handler()))
