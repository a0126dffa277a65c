"""Baseline server for benchmarks: the least that a Django site needs in order to relay a streamed
reply. The site's own cost is compared with that of this server.

It has one async view behind session and authentication middleware, which passes the bytes of the
model gateway through. It stores, parses and renders nothing. `bench.stack` starts it:

    gunicorn -k asgi bench.baseline:application
"""

import json
import os

import httpx
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="bench.baseline",
    INSTALLED_APPS=[
        "bench.relay_app.RelayConfig",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    AUTH_USER_MODEL="conversations.Person",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["BENCH_DATABASE"]}
    },
    SESSION_COOKIE_NAME="session",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    OPENAI_MODEL="",
    OPENAI_BASE_URL="",
    DEMO=False,
    SIGNUP="closed",
    MAX_LIVE_REPLIES=200,
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
gateway = os.environ["BENCH_GATEWAY"]
client = None


async def relay(request):
    """View: send the JSON body of `request` to the gateway, and return its answer as a stream of
    the gateway's bytes; status 401 without a login."""
    global client
    person = await request.auser()
    if not person.is_authenticated:
        return HttpResponse(status=401)
    if client is None:
        limits = httpx.Limits(max_connections=None)
        client = httpx.AsyncClient(limits=limits, timeout=60, trust_env=False)
    body = json.loads(request.body)

    async def stream():
        async with client.stream("POST", f"{gateway}/responses", json=body) as http_response:
            async for chunk in http_response.aiter_bytes():
                yield chunk

    return StreamingHttpResponse(stream(), content_type="text/event-stream")


urlpatterns = [path("relay", relay)]
application = get_asgi_application()
