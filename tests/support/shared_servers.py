"""Servers that many tests share, with one database and one scripted gateway, since starting one
takes long.

A test uses the fixture `stage`: `stage.here`, and `stage.there` for what another process or machine
sees. Or one that runs alone: `stage.small` has low limits, `stage.titling` makes titles,
`stage.site` is what tests with a browser get as `server`. They have short times
(tests/support/settings/quick.py) and tell what their process holds
(tests/support/process_window.py). They are stopped before a test that does not use them.
"""

import contextlib
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.support.gateway import Gateway
from tests.support.polling import until
from tests.support.server import KEY, Server
from tests.support.visitor import Visitor

# Word in every message of these tests, so that a log can be searched for it.
PRIVATE = "marmalade"


class QuickServer(Server):
    """Server with short times (heartbeats, timeouts) that reports what its process holds
    (`inside`)."""

    application = "tests.support.process_window:application"

    def __init__(self, gateway_url, log, **environment):
        environment.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings.quick")
        super().__init__(gateway_url, log, **environment)
        self._noted = 0

    def kill(self):
        """Kill the master and all workers with SIGKILL, as a power failure does."""
        self.stop(signal.SIGKILL)

    def inside(self):
        """Return what the server's process holds, as the dict that tests/support/process_window.py
        `held` returns, with `longest_step`, the longest time in processor seconds for which its
        event loop was blocked since the last call."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/inside/", headers={"Connection": "close"})
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def new_output(self):
        """Return the text that the server has logged since the last call of this method."""
        output = self.output()
        new, self._noted = output[self._noted :], len(output)
        return new


class Stage:
    """Shared servers, each started when it is first used, with their scripted `gateway`."""

    def __init__(self, folder):
        self.folder = folder
        self.gateway = Gateway().start()
        self._servers = {}
        self._stack = contextlib.ExitStack()

    @property
    def here(self):
        """First of two servers with the same database."""
        return self._server("here")

    @property
    def there(self):
        """Second of two servers with the same database."""
        return self._server("there")

    @property
    def site(self):
        """Server for tests with a browser: with static files, and MAX_BODY of 4 MB."""
        return self._server(
            "site", DJANGO_SETTINGS_MODULE="tests.support.settings.browsed", MAX_BODY=4_000_000
        )

    @property
    def small(self):
        """Server with low limits of replies, event streams and request bodies."""
        return self._server("small", MAX_LIVE_REPLIES=3, MAX_STREAMS=5, MAX_BODY=100_000)

    @property
    def titling(self):
        """Server with AUTO_TITLES, which has the gateway make titles of conversations."""
        return self._server("titling", AUTO_TITLES="true")

    def _server(self, name, **environment):
        """Return the running server `name`, started with `environment` if necessary; others are
        killed first, except that "here" and "there" run together."""
        for other, server in self._servers.items():
            if other != name and {other, name} != {"here", "there"}:
                server.kill()
        server = self._servers.get(name)
        if server is None:
            log = self.folder / f"{name}.log"
            environment = {"MAX_BODY": 1_000_000, **environment}
            server = QuickServer(self.gateway.url, log, **environment)
            self._servers[name] = server
        if server.process is None or server.process.poll() is not None:
            server.start()
        return server

    def visit(self, server, person=None):
        """Return a Visitor of `server` logged in as `person` (None: not), closed after the test."""
        visitor = Visitor(server.url, person)
        self._stack.callback(visitor.close)
        return visitor

    def aside(self, function, *arguments):
        """Run `function(*arguments)` in a thread while the test goes on; return its Future."""
        threads = self._stack.enter_context(ThreadPoolExecutor(1))
        return threads.submit(function, *arguments)

    def end_replies(self):
        """Request that all open replies stop and wait until they have ended; a server has to
        run."""
        from conversations.models import Response
        from conversations.replies import response_states

        for response_id in Response.objects.open().values_list("pk", flat=True):
            response_states.request_stop(response_id)
        until(lambda: not Response.objects.open().exists(), 30)

    def clean(self):
        """Close the Visitors and threads of the test, end its replies, and assert that the servers
        have logged nothing secret (`assert_discreet`)."""
        self._stack.close()
        self.end_replies()
        for server in self._servers.values():
            assert_discreet(server.new_output())

    def stop(self):
        """Kill all shared servers."""
        for server in self._servers.values():
            server.kill()


def assert_discreet(log):
    """Assert that the text `log` contains no traceback, no text that people wrote (PRIVATE), and
    not the API key of the gateway."""
    assert "Traceback" not in log, log
    assert PRIVATE not in log
    assert KEY not in log


def wish(**script):
    """Return the text of a message that tells the scripted gateway how to answer it. `script` are
    fields of a tests.support.gateway.Script, such as `pace` (seconds between two pieces)."""
    return f"About {PRIVATE} [[gateway:{json.dumps(script)}]]"


@pytest.fixture(scope="session")
def lasting_stage(django_db_setup, tmp_path_factory):
    """Return the Stage of the whole test run, stopped at its end."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    yield stage
    stage.stop()
    stage.gateway.stop()


@pytest.fixture
def stage(lasting_stage, transactional_db):
    """Return the Stage for one test: the model "test-model" enabled, the gateway without scripts;
    afterwards cleaned."""
    from conversations.models import LanguageModel

    LanguageModel.objects.update_or_create(name="test-model", defaults={"enabled": True})
    LanguageModel.objects.filter(name="demo").update(enabled=False)
    lasting_stage.gateway.forget()
    yield lasting_stage
    lasting_stage.clean()


@pytest.fixture
def make_stage_server(request, stage, tmp_path):
    """Return a function that starts and returns a QuickServer for this test alone:
    `make_stage_server(*arguments, **environment)`, `arguments` being gunicorn's. The servers are
    killed after the test."""
    servers = []
    if not {"here", "there"} & set(request.fixturenames):
        # The shared servers would claim replies of this one.
        stage.stop()

    def make(*arguments, **environment):
        log = tmp_path / f"server-{len(servers)}.log"
        server = QuickServer(stage.gateway.url, log, **environment)
        servers.append(server)
        return server.start(*arguments)

    yield make
    for server in servers:
        server.kill()
        assert_discreet(server.new_output())


@pytest.fixture
def nobody_else(stage):
    """Stop the shared servers, which would claim replies of this test and have other time limits;
    only servers that the test itself starts run then."""
    stage.stop()


@pytest.fixture
def here(stage):
    """Return the first of the two servers with the same database."""
    return stage.here


@pytest.fixture
def there(stage):
    """Return the second of the two servers with the same database, as if on another machine."""
    return stage.there


@pytest.fixture
def visitor(stage, here, alice):
    """Return a Visitor logged in as Alice at the server `here`."""
    return stage.visit(here, alice)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Stop the shared servers before a test that does not use them: they would claim its
    replies."""
    stage = getattr(item, "funcargs", {}).get("lasting_stage")
    try:
        return (yield)
    finally:
        if stage and not (nextitem and "stage" in nextitem.fixturenames):
            stage.stop()
