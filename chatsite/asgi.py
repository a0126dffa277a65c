"""What gunicorn serves: Django, the life of the process, and the limit of a request's body."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django_application = get_asgi_application()

from chatsite.body_limit import BodyLimit  # noqa: E402 (needs Django to be set up)
from chatsite.lifespan import Lifespan  # noqa: E402

application = Lifespan(BodyLimit(django_application))
