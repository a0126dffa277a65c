"""Django's ASGI handler, changed so that a request changes threads once, to one of a few lasting
threads.

Django's own changes threads up to six times a request, each time to a thread and so a database
connection made for this request alone: that cost more than the queries, and fifty requests in fifty
threads take the interpreter from each other, and from the event loop that carries the streams. All
views and middleware of this site are sync; a request borrows one of AT_ONCE threads, each with a
connection that lasts, until it has its response (chatsite/request_threads.py). An open event stream
holds none, a download only while a piece of it is made. Back-pressure: a client that leaves much
unread has to wait for its next answer (chatsite/unread_answers.py).

/healthz and static files are answered on the event loop, /readyz in a thread of its own: they
answer whatever the other threads wait for.
"""

import asyncio
import contextlib
from contextvars import copy_context

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import Resolver404, resolve, reverse, set_script_prefix

from chatsite import database_timeouts, security_headers
from chatsite.middleware import request_id
from chatsite.request_threads import DEADLINE, LONG_DEADLINE, DatabaseStuck, RequestThreads
from chatsite.requester import remember, requester_of
from chatsite.static_files import StaticFiles
from chatsite.unread_answers import Unread, unread_answers
from conversations import replies
from conversations.readiness import readiness
from conversations.views import errors, health, outage_page

AT_ONCE = 6
WITHOUT_FILES = 10_000  # bytes of a form in multipart that has no file worth the name
SMALL = 65_536  # bytes of an answer that the connection takes at once
SOONER = 0.5  # seconds that the database's own limit comes before the request's deadline


class Handler(ASGIHandler):
    """ASGI application that answers HTTP requests with Django.

    A request's body must have been read already (chatsite/body_limit.py), or a slow upload would
    hold up the event loop.
    """

    def __init__(self):
        database_timeouts.connect()
        self.load_middleware()
        # All views are imported with the addresses: at the first request, on the event loop, that
        # held up everything else for 0.2 s.
        reverse("home")
        self._load_static_files()
        readiness.on_static_files = self._load_static_files
        self._threads = RequestThreads(AT_ONCE)
        unread_answers.has_changed = self._threads.start_next
        self._readiness = RequestThreads(1)
        self._asking_readiness = None

    def _load_static_files(self):
        """Create the handler for static files, which reads their list; called at the start, and
        when the first complete check of the installation has found them."""
        self._files = convert_exception_to_response(StaticFiles(self._answer_in_thread))

    async def handle(self, scope, receive, send):
        """Answer one HTTP request, given as ASGI `scope`, `receive` and `send`; return when the
        response is sent, or the client has left."""
        try:
            body = scope.get("chatsite.spooled_body") or await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        request, response = self.create_request(scope, body)
        unread = scope["chatsite.unread"] = Unread(requester_of(scope))
        try:
            response = response or await self._answer(request)
            try:
                if response.streaming:
                    await self._stream(response, receive, send)
                else:
                    unread.hold(_size(response))
                    await self.send_response(response, send)
            finally:
                response.close()
        finally:
            unread.close()
            body.close()

    async def _answer(self, request):
        """Return the response to `request` (a Django request): of a health check; 503 if there are
        too many connections; else of the static files or of Django's views."""
        if request.path_info == "/healthz":
            response = health.healthz(request)
        elif request.path_info == "/readyz":
            response = await self._ready(request)
        elif request.scope.get("chatsite.too_many_connections"):
            response = errors.too_many_connections()
        else:
            response = await self._files(request)
        if not hasattr(request, "id"):
            # It passed no middleware, and needs of the middleware only the id and the headers.
            request_id(security_headers.middleware(lambda request: response))(request)
        return response

    async def _ready(self, request):
        """Return the response of /readyz; simultaneous requests share one check of the database."""
        if self._asking_readiness is None or self._asking_readiness.done():
            context = copy_context()
            self._asking_readiness = asyncio.ensure_future(
                self._readiness.run("readyz", _call, context, DEADLINE, health.readyz, request)
            )
        try:
            answer = await asyncio.shield(self._asking_readiness)
        except DatabaseStuck:
            return health.not_ready()
        return HttpResponse(answer.content, status=answer.status_code, content_type="text/plain")

    async def _answer_in_thread(self, request):
        """Return the response of Django's views and middleware, called in a thread; 503 if the
        database did not answer in time."""
        context = copy_context()
        unread, work = request.scope["chatsite.unread"], self._in_thread(request, context)
        try:
            response = await work(self._respond, request, answer=unread)
        except DatabaseStuck:
            return outage_page.database_down(request)
        remember(request)
        unread.assign_to(requester_of(request.scope))
        if response.streaming and not response.is_async:
            pieces = iter(response.streaming_content)
            response.streaming_content = self._pieces(work, pieces, unread)
        else:
            # An event stream counts its events itself.
            unread.end_making()
        return response

    def _respond(self, request):
        """Return the response of Django's middleware and views to `request`; called in a thread."""
        signals.request_started.send(sender=type(self), scope=request.scope)
        return self.get_response(request)

    async def _pieces(self, work, pieces, unread):
        """Yield the chunks of a streaming response, from the iterator `pieces`. `work`, an async
        function, calls the iterator in a request thread with the request's language and time zone.
        Each chunk is counted in `unread` (an Unread) until the connection has taken it."""
        while (piece := await work(next, pieces, None)) is not None:
            unread.hold(len(piece))
            yield piece
            unread.hold(0)

    async def _stream(self, response, receive, send):
        """Send the streaming `response` by ASGI's `send` until it ends, or until `receive` says
        that the client has left."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, RequestAborted):
                await leaving
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    def _in_thread(self, request, context):
        """Return a coroutine function `work(function, *arguments, answer=None)` that returns
        `function(*arguments)`, called in a request thread, in `context` (a contextvars.Context).
        The call counts for the requester of `request`; `answer` is the Unread of the answer that it
        begins, None if it begins none. Raises DatabaseStuck if no thread is free in time."""
        requester, is_long = requester_of(request.scope), _is_long(request)
        seconds = LONG_DEADLINE if is_long else DEADLINE

        async def work(function, *arguments, answer=None):
            call = (_call, context, seconds, function, *arguments)
            with replies.answering():
                return await self._threads.run(requester, *call, is_long=is_long, answer=answer)

        return work


def _size(response):
    """Return how many bytes of the body of `response` stay in memory until the client reads them; 0
    for a body of at most SMALL bytes, which the connection takes at once."""
    size = len(response.content)
    return size if size > SMALL else 0


def _is_long(request):
    """Return True if `request` may take long: its view is marked as long work
    (conversations/views/long_work.py), or its body carries files, which are read before it is
    answered."""
    if request.content_type == "multipart/form-data":
        length = request.headers.get("Content-Length", "")
        if not length.isdigit() or len(length) > 9 or int(length) > WITHOUT_FILES:
            return True
    try:
        return getattr(resolve(request.path_info).func, "is_long_work", False)
    except Resolver404:
        return False


def _call(context, seconds, function, *arguments):
    """Return `function(*arguments)`, called in `context` (a contextvars.Context), with time limits
    in the database that end a statement SOONER than `seconds`, the deadline of the request.
    Afterwards the database connection is given back to the pool, or closed if it is broken."""
    # So that a server that is not frozen ends a statement itself, and the connection stays whole.
    database_timeouts.limit_statements(seconds - SOONER)
    try:
        return context.run(function, *arguments)
    finally:
        close_old_connections()
