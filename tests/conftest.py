"""Fixtures of all tests (people, the scripted gateway, real servers) and pytest's hooks. Only the
model is not real: the scripted gateway takes its place."""

import atexit
import os
import re
import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "for-tests-only-0123456789-0123456789-0123456789")
os.environ["INSECURE_HTTP"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
import django
import pytest
from django.conf import settings as chatsite
from django.utils import timezone, translation
from hypothesis import settings as hypothesis

# Before the tests are collected, so that they may import models like any module.
django.setup()
# Files of messages: each process its own folder, and not the one of a site that somebody runs from
# here. pytest-django has loaded the settings already, so both these and the environment of servers
# that tests start have to be told.
_files = tempfile.mkdtemp(prefix="chatsite-files-")
atexit.register(shutil.rmtree, _files, ignore_errors=True)
os.environ["FILES_URL"] = f"file://{_files}"
chatsite.STORAGES["files"]["OPTIONS"]["location"] = Path(_files)
chatsite.FILES_FOLDER = Path(_files)
chatsite.UPLOAD_FOLDER = Path(_files) / "incoming"

# hypothesis tries the same examples in each run, so that a test fails because of a change and not
# by chance. `make soak` tries more, and others each time.
hypothesis.register_profile("the same", derandomize=True)
hypothesis.load_profile("the same")

pytest_plugins = [
    "tests.support.gateway",
    "tests.support.identity_provider",
    "tests.support.llmock",
    "tests.support.browser",
    "tests.support.migrated_database",
    "tests.support.database_cable",
    "tests.support.file_forms",
    "tests.support.review_stage",
    "tests.support.shared_servers",
]

# Run again, up to twice: browsers, and servers that are killed, stalled and measured, miss a time
# limit on a machine that is busy with something else, and measures of processor time and memory
# vary with what else runs there. What fails three times is a fault.
UNSTEADY = ("browser", "stress", "alone", "measures")
SERVERS = {"stage", "make_server", "make_stage_server", "server"}
WHOLLY_ONCE = re.compile(r"^pytestmark = .*mark\.(once|browser|stress)", re.MULTILINE)


def pytest_ignore_collect(collection_path, config):
    """Return True for a test file of which the marker expression `-m` would select no test, so that
    it is not imported: importing takes longer than some tests. Else return None."""
    if not collection_path.name.startswith("test_"):
        return None
    wanted, text = config.option.markexpr, collection_path.read_text()
    kind = wanted.partition(" ")[0]
    if kind in ("stress", "alone"):
        unread = f"mark.{kind}" not in text
    else:
        unread = "not once" in wanted and WHOLLY_ONCE.search(text)
    return True if unread else None


def pytest_itemcollected(item):
    """Mark tests that use a browser, and give each test its group for pytest-xdist.

    With several processes (`-n`), the tests of a file run in one process, with two exceptions.
    Tests that use `stage` form one group per file, since its shared servers stop for any other
    test. Tests that use a browser form another: Playwright leaves an event loop running in the
    thread, and Django then refuses synchronous database access in every later test.
    """
    kind = "-stage" if "stage" in item.fixturenames else ""
    if "playwright" in item.fixturenames:
        item.add_marker("browser")
        kind = "-browser"
    item.add_marker(pytest.mark.xdist_group(item.path.stem + kind))


def pytest_collection_modifyitems(items):
    """Add the markers `once` and `flaky` to tests in the list `items`, and sort it in place: tests
    on the shared servers (`stage`) first, then files that use `make_server`, then the others, tests
    with a browser last, and of these the files with most such tests first.

    `once` (run on SQLite, not again on PostgreSQL) is added to tests that use a browser, and to
    those that have no fixture or marker of a database, unless they are marked `stress`; files about
    pages and forms set it themselves. `flaky` is added to tests with a marker of UNSTEADY or a
    fixture of SERVERS: they are run up to twice more if they fail.
    """
    for item in items:
        fixtures = set(item.fixturenames)
        if any(is_marked(item, name) for name in UNSTEADY) or fixtures & SERVERS:
            item.add_marker(pytest.mark.flaky(reruns=2))
        if is_marked(item, "browser"):
            item.add_marker("once")
        asks = {"db", "transactional_db"} & fixtures or is_marked(item, "django_db")
        if not asks and not is_marked(item, "stress"):
            item.add_marker("once")
    slow = {item.path for item in items if "make_server" in item.fixturenames}
    # Long tests first: a long group that began at the end would keep one process of pytest-xdist
    # busy while the others are idle.
    browsed = Counter(item.path for item in items if is_marked(item, "browser"))
    items.sort(
        key=lambda item: (
            is_marked(item, "browser"),
            -browsed[item.path] if is_marked(item, "browser") else 0,
            "stage" not in item.fixturenames,
            item.path not in slow,
        )
    )


def is_marked(item, name):
    """Return True if the test `item` has a marker called `name`."""
    return item.get_closest_marker(name) is not None


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Fixture of all tests: hash passwords with MD5, since a safe hash takes most of a login's
    time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_language():
    """Fixture of all tests: deactivate the language and time zone that a request through Django's
    test client activated, which would stay active in later tests of the thread."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def left_by_commits(request):
    """Fixture of all tests: after a test that commits, empty what Django's flush does not: the
    access log, whose triggers refuse deletion, and the search index, which is no table of a
    model."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker and marker.kwargs.get("transaction")
    )
    if not commits:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from conversations.search import index
    from tests.support import access_log

    access_log.empty()
    index.database().clear()


def make_person(name, **fields):
    """Create and return a Person with the username `name`, the e-mail address `name`@example.org
    and the password "correct horse"; `fields` are further columns."""
    from conversations.models import Person

    return Person.objects.create_user(name, f"{name}@example.org", "correct horse", **fields)


@pytest.fixture
def alice(db):
    """Return Alice, a stored Person without permissions, who owns the conversations of a test."""
    return make_person("alice", first_name="Alice", last_name="Lindqvist")


@pytest.fixture
def bob(db):
    """Return Bob, a stored Person without permissions, to whom nothing of Alice's may be shown."""
    return make_person("bob")


@pytest.fixture
def administrator(db):
    """Return a stored Person who is staff and superuser, which alone opens no conversation of
    others."""
    return make_person("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def reviewer(db):
    """Return a stored Person in the group Reviewers, who may review everyone's conversations."""
    from django.contrib.auth.models import Group

    group = Group.objects.get(name="Reviewers")
    person = make_person("ruth", first_name="Ruth", last_name="Viewer")
    Person = type(person)
    # Not `groups.add`, which is recorded: a test's log begins empty.
    Person.groups.through.objects.create(person=person, group=group)
    return person


@pytest.fixture
def make_server(transactional_db, gateway, tmp_path):
    """Return a function that starts and returns a Server (gunicorn) that talks to the scripted
    gateway: `make_server(workers=1, gateway_url=…, **environment)`. The servers are killed after
    the test."""
    from tests.support.server import Server

    servers = []

    def make(*, workers=1, gateway_url=gateway.url, **environment):
        log = tmp_path / f"server-{len(servers)}.log"
        server = Server(gateway_url, log, WEB_CONCURRENCY=workers, **environment)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop(signal.SIGKILL)
        if os.environ.get("SHOW_SERVER_LOG"):
            print(server.output())


@pytest.fixture
def server(stage):
    """Return the Server that tests share; `make_server` starts one for a single test."""
    return stage.site


@pytest.fixture
def visit():
    """Return a function that returns a Visitor (HTTP client) of a Server, logged in as a Person:
    `visit(server, alice)`; without a person not logged in."""
    from tests.support.visitor import Visitor

    visitors = []

    def visit(server, person=None):
        visitors.append(Visitor(server.url, person))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.close()
