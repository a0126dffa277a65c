"""Django's ASGI handler with one change of thread a request, to a few lasting threads.

Django's own changes threads up to six times a request, each time to a thread and so a database
connection made for this request alone: that cost more than the queries, and fifty requests in
fifty threads take the interpreter from each other, and from the event loop that carries the
streams. All views and middleware here are sync; a request borrows one of AT_ONCE threads, each
with a connection that lasts, until it has its response. Others wait on the event loop meanwhile.
An open event stream holds none, a download only while a piece of it is made.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.db import close_old_connections
from django.urls import set_script_prefix

from chatsite.files import StaticFiles
from chatsite.middleware import headers, request_id
from conversations import replies

AT_ONCE = 6


class Handler(ASGIHandler):
    """Serves HTTP; the body must have been read already (chatsite/body_limit.py), or a slow
    upload would hold up the loop."""

    def __init__(self):
        self.load_middleware()
        self._files = convert_exception_to_response(StaticFiles(self._answer_in_thread))
        self._threads = [
            ThreadPoolExecutor(1, thread_name_prefix=f"request-{number}")
            for number in range(AT_ONCE)
        ]
        self._free = None

    async def handle(self, scope, receive, send):
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        request, response = self.create_request(scope, body)
        try:
            response = response or await self._answer(request)
            try:
                if response.streaming:
                    await self._stream(response, receive, send)
                else:
                    await self.send_response(response, send)
            finally:
                response.close()
        finally:
            body.close()

    async def _answer(self, request):
        response = await self._files(request)
        if not hasattr(request, "id"):
            # A static file needs no thread and nothing else of the chain.
            request_id(headers(lambda request: response))(request)
        return response

    async def _answer_in_thread(self, request):
        context = copy_context()
        response = await self._in_thread(context, self._respond, request)
        if response.streaming and not response.is_async:
            response.streaming_content = self._pieces(context, iter(response.streaming_content))
        return response

    def _respond(self, request):
        signals.request_started.send(sender=type(self), scope=request.scope)
        return self.get_response(request)

    async def _pieces(self, context, pieces):
        """Each piece in a thread, in the language and zone of the request."""
        while (piece := await self._in_thread(context, next, pieces, None)) is not None:
            yield piece

    async def _stream(self, response, receive, send):
        """Send until it ends or the client leaves."""
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

    async def _in_thread(self, context, function, *arguments):
        """The result of a call in a borrowed thread and the given context."""
        if self._free is None:
            self._free = asyncio.LifoQueue()
            for thread in self._threads:
                self._free.put_nowait(thread)
        with replies.answering():
            thread = await self._free.get()
            answer = asyncio.get_running_loop().run_in_executor(
                thread, context.run, _give_back_connections, function, *arguments
            )
            # It cannot be stopped: it is free when it has ended, not when nobody waits any more.
            answer.add_done_callback(lambda answer: self._free.put_nowait(thread))
            try:
                await asyncio.wait({answer})
            except asyncio.CancelledError:
                await asyncio.wait({answer})
                raise
            return answer.result()


def _give_back_connections(function, *arguments):
    """Call, and afterwards hold no connection of a pool, nor one that broke."""
    try:
        return function(*arguments)
    finally:
        close_old_connections()
