"""Pools of HTTP connections to the gateway: one per event loop, opened at the first request."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
import certifi
import httpx
from httpx_aiohttp import AiohttpTransport

# Less than the 5 s after which uvicorn, Node and others hang up on an idle connection.
KEEP_IDLE_SECONDS = 4.5
# Bytes of a response that wait to be read; at twice as many the sender is stopped.
READ_BUFFER = 128 * 1024


class Reuse:
    """Flag about one request, given to ConnectionPool.send.

    `happened` becomes True if the request was sent on a connection that had served another before.
    """

    def __init__(self) -> None:
        """Create the flag of a request that was not sent yet: `happened` is False."""
        self.happened = False


_reuse: ContextVar[Reuse | None] = ContextVar("connection_reuse", default=None)


class ConnectionPool:
    """Pool of HTTP connections to one gateway, shared by all tasks and event loops of a process.

    Sockets belong to an event loop, and Django's test client runs every request in a loop of its
    own: each loop has its own connections, which are closed when the loop ends.
    """

    def __init__(self, *, tls: bool, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`tls` is True if the gateway's address is https; `transport` replaces the network."""
        self._tls = tls
        self._given_transport = transport
        self._ssl_context: ssl.SSLContext | None = None
        self._opened: dict[asyncio.AbstractEventLoop, _Opened] = {}

    async def send(
        self, request: httpx.Request, reuse: Reuse, *, fresh: bool = False
    ) -> httpx.Response:
        """Send `request` and return the response once its headers have arrived; its body is unread.
        `reuse.happened` becomes True if the connection had served another request before; `fresh`
        forces a new connection. Raises the exceptions of aiohttp and httpx, which `failure_of`
        turns into a Failed event."""
        # Without httpx's client around the transport: it took half the time of a request, and none
        # of what it adds is wanted. It follows redirects, and its cookies, by which a gateway
        # would remember something of one person, would go along with the next.
        opened = await self._open()
        _reuse.set(reuse)
        transport = opened.fresh if fresh else opened.pooled
        return await transport.handle_async_request(request)

    async def close(self) -> None:
        """Close the connections of the running event loop; a later `send` opens new ones."""
        if opened := self._opened.get(asyncio.get_running_loop()):
            await opened.keeper.aclose()

    async def _open(self) -> "_Opened":
        loop = asyncio.get_running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            pooled = self._given_transport or self._transport()
            fresh = self._given_transport or self._transport(force_close=True)
            keeper = self._keep((pooled, fresh), loop)
            opened = self._opened[loop] = _Opened(pooled, fresh, keeper)
            await anext(opened.keeper)
        return opened

    async def _keep(
        self, transports: tuple[httpx.AsyncBaseTransport, ...], loop: asyncio.AbstractEventLoop
    ) -> AsyncGenerator[None, None]:
        # An event loop that ends closes its generators first: so this closes the connections.
        try:
            yield
        finally:
            self._opened.pop(loop, None)
            for transport in transports:
                await transport.aclose()

    def _transport(self, *, force_close: bool = False) -> AiohttpTransport:
        """Return a new httpx transport; with `force_close` each request opens a new connection."""
        return AiohttpTransport(
            verify=self._context() or False,
            trust_env=False,
            client=self._session(force_close=force_close),
        )

    def _session(self, *, force_close: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            # Unlimited: callers limit how many replies are written at once.
            limit=0,
            ssl=self._context() or False,
            force_close=force_close,
            keepalive_timeout=None if force_close else KEEP_IDLE_SECONDS,
        )
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            read_bufsize=READ_BUFFER,
            trace_configs=[trace],
        )

    def _context(self) -> ssl.SSLContext | None:
        """Return the TLS context, made once; None for a gateway without TLS."""
        if self._ssl_context is None and self._tls:
            # The CA certificates of the system, which may have a company's own, and certifi's, for
            # a system without any.
            self._ssl_context = ssl.create_default_context()
            self._ssl_context.load_verify_locations(certifi.where())
        return self._ssl_context


@dataclass(frozen=True, slots=True)
class _Opened:
    """Transports of one event loop: `pooled` reuses connections, `fresh` does not.

    `keeper` is a generator that closes both when the event loop ends.
    """

    pooled: httpx.AsyncBaseTransport
    fresh: httpx.AsyncBaseTransport
    keeper: AsyncGenerator[None, None]


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    parameters: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    """Set the current request's Reuse flag; aiohttp calls this, with arguments of its own, when it
    reuses a connection."""
    if (reuse := _reuse.get()) is not None:
        reuse.happened = True
