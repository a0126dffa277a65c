"""Servers that many tests share, over one database and one gateway: starting one takes long.

A test asks for `stage` and uses `stage.here` and, for what another process or machine sees,
`stage.there`; or one that has nobody beside it: `stage.small`, which is soon full, or
`stage.titling`, which makes titles. They are workers of their own, with short times
(tests/support/settings/quick.py) and a window (tests/support/process_window.py), and are stopped
before a test that does not use them. `stage.site` is what tests with a browser get as `server`.
"""

import contextlib
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.db import connections

from tests.support.gateway import Gateway
from tests.support.polling import until
from tests.support.server import KEY, Server
from tests.support.visitor import Visitor

# In everything that people write here, so that a log can be searched for it.
PRIVATE = "marmalade"


class QuickServer(Server):
    """A server with short times and a window."""

    application = "tests.support.process_window:application"

    def __init__(self, gateway_url, log, **environment):
        environment.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings.quick")
        super().__init__(gateway_url, log, **environment)
        self._noted = 0

    def kill(self):
        """End the master and all workers at once, as a power cut does."""
        self.stop(signal.SIGKILL)

    def inside(self):
        """What its process holds; see tests/support/process_window.py."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/inside/", headers={"Connection": "close"})
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def new_output(self):
        """What it logged since the last call."""
        output = self.output()
        new, self._noted = output[self._noted :], len(output)
        return new


class Stage:
    """The servers, their gateway, and visitors to them."""

    def __init__(self, folder):
        self.folder = folder
        self.gateway = Gateway().start()
        self._servers = {}
        self._stack = contextlib.ExitStack()

    @property
    def here(self):
        return self._server("here")

    @property
    def there(self):
        return self._server("there")

    @property
    def site(self):
        return self._server(
            "site", DJANGO_SETTINGS_MODULE="tests.support.settings.browsed", MAX_BODY=4_000_000
        )

    @property
    def small(self):
        return self._server("small", MAX_LIVE_REPLIES=3, MAX_STREAMS=5, MAX_BODY=100_000)

    @property
    def titling(self):
        return self._server("titling", AUTO_TITLES="true")

    def _server(self, name, **environment):
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
        """A Visitor, gone after the test."""
        visitor = Visitor(server.url, person)
        self._stack.callback(visitor.close)
        return visitor

    def aside(self, function, *arguments):
        """Run `function` in a thread while the test goes on; a Future."""
        threads = self._stack.enter_context(ThreadPoolExecutor(1))
        return threads.submit(function, *arguments)

    def end_replies(self):
        """Stop the replies that a test left running; a server has to be there for that."""
        from conversations.models import Response
        from conversations.replies import response_states

        for response_id in Response.objects.open().values_list("pk", flat=True):
            response_states.request_stop(response_id)
        until(lambda: not Response.objects.open().exists(), 30)

    def clean(self):
        """End what a test left running, and look at what the servers said meanwhile."""
        self._stack.close()
        self.end_replies()
        for server in self._servers.values():
            assert_discreet(server.new_output())

    def stop(self):
        for server in self._servers.values():
            server.kill()


def assert_discreet(log):
    """Expected events are one line each, without what people wrote and without the key."""
    assert "Traceback" not in log, log
    assert PRIVATE not in log
    assert KEY not in log


def wish(**script):
    """A message that tells the gateway how to answer it: options of a Script."""
    return f"About {PRIVATE} [[gateway:{json.dumps(script)}]]"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """pytest-django's, before it makes the database: without what a killed run left beside it."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        for ending in ("-wal", "-shm"):
            Path(database["TEST"]["NAME"] + ending).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def lasting_stage(django_db_setup, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"))
    yield stage
    stage.stop()
    stage.gateway.stop()


@pytest.fixture
def stage(lasting_stage, transactional_db):
    from conversations.models import LanguageModel

    LanguageModel.objects.update_or_create(name="test-model", defaults={"enabled": True})
    LanguageModel.objects.filter(name="demo").update(enabled=False)
    lasting_stage.gateway.forget()
    yield lasting_stage
    lasting_stage.clean()


@pytest.fixture
def make_stage_server(request, stage, tmp_path):
    """Makes servers of a test's own on the stage: `make_stage_server(*arguments, **environment)`,
    `arguments` being gunicorn's."""
    servers = []
    if not {"here", "there"} & set(request.fixturenames):
        # They would claim its replies.
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
    """No server but those of the test's own: the shared ones, which other tests left running, would
    claim some of its replies, and have other times."""
    stage.stop()


@pytest.fixture
def here(stage):
    """One of the two servers."""
    return stage.here


@pytest.fixture
def there(stage):
    """The other: another process, as if on another machine."""
    return stage.there


@pytest.fixture
def visitor(stage, here, alice):
    """Alice at the server `here`."""
    return stage.visit(here, alice)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Stop the servers before a test that does not use them: they would claim its replies."""
    stage = getattr(item, "funcargs", {}).get("lasting_stage")
    try:
        return (yield)
    finally:
        if stage and not (nextitem and "stage" in nextitem.fixturenames):
            stage.stop()
