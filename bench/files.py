"""Benchmark of uploads: what pictures cost a server process. Run it by `python -m bench.files` or
`make bench-files`.

Fifty people each upload a picture of 12 megapixels, about 10 MB, to one process at the same moment.
Printed, and written into docs/performance.md, are the time that this takes, the most memory that
the process used, and how long another person's page takes before and meanwhile. The child processes
that decode the pictures are not counted.
"""

import io
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from PIL import Image

from bench.record import keep

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 50
PORT = 8917
PREPARE = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from conversations.models import Person
for number in range({people}):
    person = Person.objects.create_user(f"person{{number}}")
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    print(session.session_key)
"""


def main():
    """Start a server with a temporary database, run the benchmark, print and store its results, and
    stop the server."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "FILES_URL": f"file://{folder}/files",
            "SECRET_KEY": "for-the-benchmark-only-0123456789-0123456789",
            "INSECURE_HTTP": "true",
            "WEB_CONCURRENCY": "1",
            "PORT": str(PORT),
        }
        keys = prepare(environment)
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
        log = open(f"{folder}/log", "w")
        server = subprocess.Popen(
            [*command, "chatsite.asgi:application"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            lines = measure(server.pid, [enter(key) for key in keys])
        finally:
            server.terminate()
            server.wait()
            log.close()
    print(*lines, sep="\n")
    load = f"The load of the machine (two cores, shared) was {before:.1f} when this began."
    listed = "\n".join(f"- {line}" for line in lines)
    keep("Uploads at the same moment", f"Measured by `make bench-files`. {load}\n\n{listed}")


def prepare(environment):
    """Create the database, collect the static files, and create PEOPLE + 1 people; return the list
    of their session keys. `environment` is the dict of environment variables for the server."""
    for command in ("migrate", "collectstatic"):
        options = ["--noinput"] if command == "collectstatic" else []
        subprocess.run(
            [sys.executable, "manage.py", command, "-v0", *options],
            cwd=ROOT,
            env=environment,
            check=True,
        )
    code = PREPARE.format(people=PEOPLE + 1)
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    return said.stdout.decode().split()


def enter(key):
    """Return `(client, token)` for the session key `key`: an httpx.Client that is logged in, and
    the CSRF token for its forms. Wait up to 60 seconds for the server; else raise SystemExit."""
    url = f"http://127.0.0.1:{PORT}"
    client = httpx.Client(base_url=url, cookies={"session": key}, timeout=600)
    for _ in range(120):
        try:
            page = client.get("/").text
        except httpx.TransportError:
            time.sleep(0.5)
        else:
            return client, re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    raise SystemExit("The server does not serve.")


def measure(master, people):
    """Upload the pictures and return the results as a list of lines of text. `master` is the
    process id of the server's master, `people` a list of `(client, token)` from `enter`; the last
    of them loads pages meanwhile."""
    reader, _token = people.pop()
    workers = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True).stdout
    worker = workers.split()[0]
    picture = photograph()
    idle = watch(reader, lambda: time.sleep(5))
    before = memory(worker, reset=True)
    answers = []

    def upload(number):
        client, token = people[number]
        # Each file differs, so that none is recognised as stored already.
        content = picture + str(number).encode()
        began = time.monotonic()
        answer = client.post(
            "/files/",
            data={"csrfmiddlewaretoken": token},
            files={"file": ("photograph.jpg", content)},
        )
        answers.append((answer.status_code, time.monotonic() - began))

    def all_at_once():
        threads = [threading.Thread(target=upload, args=(n,)) for n in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    began = time.monotonic()
    busy = watch(reader, all_at_once)
    took = time.monotonic() - began
    taken = sum(status == 201 for status, _seconds in answers)
    return [
        f"{taken} of {PEOPLE} pictures of {len(picture):,} bytes taken in {took:.1f} s",
        f"memory of the process: {before:,} kB before, {memory(worker):,} kB at most",
        f"another page: {said(idle)} before, {said(busy)} meanwhile",
    ]


def photograph():
    """Return the bytes of a JPEG of 12 megapixels with random content."""
    size = (1_000, 750)
    content = random.Random(1).randbytes(size[0] * size[1] * 3)
    image = Image.frombytes("RGB", size, content).resize((4_000, 3_000), Image.Resampling.BICUBIC)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=97)
    return written.getvalue()


def watch(reader, work):
    """Load the page `/` with the httpx.Client `reader` again and again while the function `work`
    runs; return the list of seconds that each load took."""
    over, times = threading.Event(), []

    def load():
        while not over.is_set():
            began = time.monotonic()
            reader.get("/")
            times.append(time.monotonic() - began)
            time.sleep(0.1)

    thread = threading.Thread(target=load)
    thread.start()
    work()
    over.set()
    thread.join()
    return times


def said(times):
    """Return the median and the 90th percentile of `times` (in seconds) as text in milliseconds."""
    ninth = statistics.quantiles(times, n=10)[-1]
    return f"{statistics.median(times) * 1000:.0f} ms (one in ten {ninth * 1000:.0f} ms)"


def memory(pid, reset=False):
    """Return the peak resident memory, in kB, of the process `pid` since the last reset; with
    `reset` the peak is reset to the present size first."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


if __name__ == "__main__":
    main()
