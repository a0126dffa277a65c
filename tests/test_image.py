"""The container image, as `make test-image` has built it, at work: what an engine would see."""

import os
import re
import sqlite3
import stat
import subprocess
import tomllib
import uuid
import zlib
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from tests.support.image import missing, mounted, process_1, stop, wait_until_it_serves
from tests.support.polling import until
from tests.support.postgres import postgres
from tests.support.server import ROOT, free_port

NAME = os.environ.get("IMAGE", "")
pytestmark = [
    pytest.mark.skipif(not NAME, reason="`make test-image` builds the image and runs these"),
    pytest.mark.skipif(bool(NAME and missing()), reason=missing()),
    pytest.mark.stress,
]
# Seconds that docs/container.md and compose.yaml tell engines to wait for a stop.
STOP = 40
# Bytes of the image as it is pulled, and unpacked on a disk.
PULLED, UNPACKED = 110_000_000, 300_000_000
KEY = "only-for-this-test-0123456789-abcdefghij"
ACCOUNT = {
    "username": "ada",
    "email": "ada@example.org",
    "password1": "a long enough phrase",
    "password2": "a long enough phrase",
}


@pytest.fixture(scope="module")
def image():
    """The image, mounted."""
    with mounted(NAME) as found:
        yield found


@pytest.fixture
def serve(image, tmp_path):
    """Starts containers of the site: `serve(data, **environment)` returns `(process, url, log)`."""
    with ExitStack() as ends:

        def start(data, **environment):
            port = free_port()
            log = tmp_path / f"container-{port}.log"
            process = image.start(
                data,
                log=ends.enter_context(open(log, "w")),
                **{"PORT": port, "SECRET_KEY": KEY, "INSECURE_HTTP": "true"} | environment,
            )
            ends.callback(process.wait)
            ends.callback(process.kill)
            return process, f"http://127.0.0.1:{port}", log

        yield start


@pytest.fixture
def data(tmp_path):
    """The folder of the container's /data."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def token_of(page):
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)', page.text)[1]


def test_any_user_of_group_0_serves_drains_and_stores(image, serve, data, gateway):
    process, url, log = serve(
        data, OPENAI_BASE_URL=gateway.url, OPENAI_MODEL="test-model", AUTO_TITLES="false"
    )
    wait_until_it_serves(process, url, log)
    with httpx.Client(base_url=url, follow_redirects=True) as client:
        assert client.get("/readyz").status_code == 200
        setup = client.get("/setup/")
        # Style sheets and scripts were collected when the image was built.
        [style] = re.findall(r'href="(/static/[^"]+\.css)"', setup.text)[:1]
        assert client.get(style).headers["Content-Type"].startswith("text/css")
        account = {**ACCOUNT, "csrfmiddlewaretoken": token_of(setup)}
        home = client.post("/setup/", data=account)
        assert home.url.path == "/", home.text
        gateway.will(pieces=30, pace=0.1)
        sent = {
            "csrfmiddlewaretoken": token_of(home),
            "text": "Hello",
            "submission": str(uuid.uuid4()),
        }
        assert client.post("/", data=sent, follow_redirects=False).status_code == 303
        until(lambda: gateway.responses, 30)

        inside = image.run(
            data, "python", "-m", "chatsite.healthcheck", PORT=url.rpartition(":")[2]
        )
        assert inside == (0, "")
        # gunicorn itself is process 1, which gets the signals, as the user that was chosen.
        first = process_1(process)
        command = Path(f"/proc/{first}/cmdline").read_text().split("\0")
        assert command[1].endswith("/bin/gunicorn")
        status = Path(f"/proc/{first}/status").read_text()
        assert re.search(r"^Uid:\t12345\t12345\t12345\t12345$", status, re.MULTILINE)
        assert re.search(r"^Gid:\t0\t0\t0\t0$", status, re.MULTILINE)
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        # By SIGTERM the reply that is being written is finished.
        assert stop(process, STOP) == 0, log.read_text()
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        rows = database.execute("SELECT status FROM conversations_response").fetchall()
    assert rows == [("completed",)], log.read_text()
    assert "Traceback" not in log.read_text()
    ill = image.run(data, "python", "-m", "chatsite.healthcheck", PORT=url.rpartition(":")[2])
    assert ill[0] == 1 and "Nothing answers" in ill[1]


def test_two_that_start_at_once_on_postgresql_both_serve_and_share_the_processors(serve, data):
    with postgres() as url:
        parts = urlsplit(url)
        # As in compose.yaml: the password is a file of its own.
        (data / "password").write_text(unquote(parts.password or ""))
        (data / "password").chmod(0o644)
        variables = {
            "DATABASE_URL": f"postgres://{parts.username}@{parts.hostname}:{parts.port}{parts.path}",
            "DATABASE_PASSWORD_FILE": "/data/password",
            "WEB_CONCURRENCY": 1,
        }
        started = [serve(data, **variables) for _ in range(2)]
        for process, site, log in started:
            wait_until_it_serves(process, site, log)
            assert httpx.get(f"{site}/readyz").status_code == 200
        logs = [log.read_text() for *_, log in started]
        assert sum("Applying conversations.0001_initial" in log for log in logs) == 1
        for process, _, log in started:
            first = process_1(process)
            # Tied to one, both might be tied to the same.
            [worker] = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            assert os.sched_getaffinity(int(worker)) == os.sched_getaffinity(0)
            assert stop(process, STOP) == 0, log.read_text()


def test_without_a_key_it_says_what_to_set(image, data):
    status, said = image.run(data)
    assert status == 1
    assert said.startswith("Set SECRET_KEY to a random text of at least 32 characters")
    assert said.count("\n") == 1


def test_nothing_can_be_written_but_data_and_tmp(image, data):
    program = (
        "import os\n"
        "for folder in ('/data', '/tmp'):\n"
        "    open(f'{folder}/x', 'w').close()\n"
        "for folder, _, _ in os.walk('/', onerror=None):\n"
        "    if folder.startswith(('/proc', '/dev', '/data', '/tmp')): continue\n"
        "    if os.access(folder, os.W_OK): print(folder)\n"
    )
    assert image.run(data, "python", "-c", program) == (0, "")


def test_where_the_root_is_writable_the_program_belongs_to_nobody_who_runs_it(image):
    for folder, folders, names in os.walk(image.root / "srv"):
        for name in folders + names:
            found = os.lstat(os.path.join(folder, name))
            assert found.st_uid == 0
            if not stat.S_ISLNK(found.st_mode):
                assert not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH), name
                assert found.st_mode & stat.S_IRGRP, name


def test_files_are_read_in_a_child_without_network(image, data):
    """As for a file that somebody sends: the sandbox works without privileges."""
    status, said = image.run(
        data,
        *("sh", "-c", "printf hello >/tmp/x && python -m conversations.extraction.child </tmp/x"),
    )
    assert status == 0
    assert '"network": "seccomp"' in said and "hello" in said


def test_it_holds_the_program_and_nothing_else(image):
    program = image.root / "srv" / "chatsite"
    names = {path.name for path in program.iterdir()}
    assert names == {
        *(".venv", "LICENSE", "manage.py", "gunicorn.conf.py", "pyproject.toml", "static"),
        *("requirements.txt", "requirements-s3.txt", "locale", "templates"),
        *("chatsite", "conversations"),
    }
    folders = ("chatsite", "conversations", "locale", "templates")
    found = {
        str(path.relative_to(program))
        for folder in folders
        for path in (program / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True)
    assert found == {name for name in listed.stdout.split() if not name.endswith(".po")}
    [packages] = program.glob(".venv/lib/python3.*/site-packages")
    installed = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}
    locked = set()
    for name in ("requirements.txt", "requirements-s3.txt"):
        lines = (ROOT / name).read_text().splitlines()
        locked |= {re.split(r"[=\[ ]", each)[0] for each in lines if re.match(r"\w", each)}
    assert installed == {name.replace("-", "_") for name in locked} - {"colorama"}
    unwanted = [
        path
        for pattern in (
            "*.po",
            "*.key",
            "id_rsa*",
            "id_ed25519*",
            ".git",
            ".env*",
            "*.sqlite3*",
            "tests",
        )
        for path in program.rglob(pattern)
    ]
    assert unwanted == []
    assert not list(image.root.glob("usr/local/lib/python3.*/site-packages/pip"))
    # Licences and what is installed can still be read.
    assert len(list(packages.glob("*.dist-info/METADATA"))) == len(installed)


def test_it_says_what_it_is(image):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    labels = image.config["Labels"]
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert re.match(r"[0-9a-f]{40}|unknown", labels["org.opencontainers.image.revision"])
    assert labels["org.opencontainers.image.licenses"] == project["license"]
    assert image.config["User"] == "10001:0"
    assert image.config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "chatsite.healthcheck"]
    assert image.config["StopSignal"] in ("SIGTERM", "15")
    assert "/data" in image.config["Volumes"]
    assert not any("KEY" in line or "PASSWORD" in line for line in image.config["Env"])
    found = os.stat(image.root / "data")
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (10001, 0, 0o770)


def test_it_is_small(image, capsys):
    tar = subprocess.Popen(
        ["tar", "--create", f"--directory={image.root}", "."], stdout=subprocess.PIPE
    )
    # Engines compress better, and take longer for it.
    pack = zlib.compressobj(1)
    unpacked = pulled = 0
    with tar:
        while part := tar.stdout.read(1 << 20):
            unpacked += len(part)
            pulled += len(pack.compress(part))
    pulled += len(pack.flush())
    with capsys.disabled():
        print(f"\n{pulled / 1e6:.0f} MB to pull at most, {unpacked / 1e6:.0f} MB unpacked")
    assert pulled < PULLED and unpacked < UNPACKED
