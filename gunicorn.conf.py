"""gunicorn's configuration of the site: `gunicorn -c gunicorn.conf.py chatsite.asgi:application`.

Settings, and functions (hooks) that gunicorn calls in its master process and in its workers.
"""

import asyncio
import ipaddress
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from gunicorn.arbiter import Arbiter

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from chatsite import cpu_affinity, gunicorn_master, said_once  # noqa: E402 (the site must be on the path)
from chatsite.connection_limit import ConnectionLimit  # noqa: E402
from chatsite.environment import WORDS, read_environment  # noqa: E402
from chatsite.file_modes import UMASK  # noqa: E402
from chatsite.share import share  # noqa: E402


def settings_of_the_server():
    """Return `(addresses, workers, connections, of_address, PIN_WORKERS, LOG_JSON, RELOAD)` from
    the environment and `.env`.

    These are a list of "host:port" to bind; the number of worker processes; the most connections of
    a worker, and the most of them from one address (None: no limit, since behind a proxy all have
    the proxy's address); "auto" or one of environment.WORDS; and two bools. A bad value ends the
    process with a sentence that names the variable.
    """
    env = read_environment(ROOT / ".env")
    try:
        port = env.number("PORT", 8000, least=1, most=65_535)
        connections = env.number("MAX_CONNECTIONS", 1_000, least=10)
        of_address = share(connections, env.number("PERSON_SHARE", 25, least=1))
        return (
            env.addresses("BIND", "127.0.0.1", port),
            env.number("WEB_CONCURRENCY", 2, least=1, most=512),
            connections,
            None if env.number("TRUSTED_PROXIES", 0) else of_address,
            env.choice("PIN_WORKERS", "auto", ("auto", *WORDS), "auto, true or false"),
            env.flag("LOG_JSON", False),
            env.flag("RELOAD", False),
        )
    except ImproperlyConfigured as error:
        sys.exit(str(error))


# `-b` on the command line wins over `bind`.
(
    bind,
    workers,
    worker_connections,
    connections_of_address,
    pinned,
    log_json,
    reload_on_change,
) = settings_of_the_server()

# Python's threads run one at a time; handing the turn from one processor to another was measured
# to cost a quarter of a worker's time. Off where other busy programs are tied to processors too.
pin_workers = hasattr(os, "sched_setaffinity") and (
    cpu_affinity.are_ours(workers) if pinned == "auto" else WORDS[pinned]
)

# Workers inherit it: what they write is for this account alone.
os.umask(UMASK)
umask = UMASK

worker_class = "chatsite.gunicorn_worker.Worker"
timeout = 30
graceful_timeout = 30
keepalive = 5
# 0: up to 1 MB (the limit of gunicorn's parser). A search of 10,000 characters, typed or pasted, is
# up to 90 kB of a URL.
limit_request_line = 0
# Bytes of one header. gunicorn makes a number of Content-Length with Python's int(), which raises
# for more than 4,300 digits by default: that would drop the connection with a traceback. What may
# be sent is converted, and refused as too large (chatsite/body_limit.py).
limit_request_field_size = 8_190
sys.set_int_max_str_digits(limit_request_field_size)
# 0: no worker is replaced after a number of requests; new requests would wait while it drains.
max_requests = 0
# No control socket: two instances of one account would have the same path for it.
control_socket_disable = True

# By default gunicorn believes X-Forwarded-Proto of whoever speaks from this machine. The site reads
# it itself where TRUSTED_PROXIES says so.
forwarded_allow_ips = ""

# Seconds of graceful_timeout kept for ending the replies that did not finish in it; the master
# kills at graceful_timeout, before the worker's own clean-up has run.
drain_margin = 5
# Seconds an old worker waits at a reload for the new ones to serve, before it leaves all the same.
reload_patience = 10

if log_json:
    # gunicorn's own lines; the site's are in chatsite/settings.py.
    logger_class = "chatsite.gunicorn_log.JsonLogger"

if reload_on_change:
    workers = 1
    graceful_timeout = 2
    drain_margin = 1
    reload = True
    # Python too: a module with a mistake in it was never imported, so is not watched otherwise.
    watched = (
        "chatsite/**/*.py",
        "conversations/**/*.py",
        "conversations/static/**/*.*",
        "templates/**/*.*",
        "locale/**/*.mo",
    )
    reload_extra_files = [str(ROOT / ".env")]
    # gunicorn warns of a pattern without files.
    reload_extra_files += [str(ROOT / name) for name in watched if any(ROOT.glob(name))]

    def pre_fork(server, worker):
        """Collect the static files before gunicorn forks a worker, so that it serves edited ones.
        Defined with RELOAD only."""
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
            cwd=ROOT,
            check=False,
        )


def on_starting(server):
    """Create what workers share, as attributes of `server`, gunicorn's master (an Arbiter).

    `served` is a file to which each worker appends a byte once it serves; `awaited` is how many
    must have done so before the old workers of a reload may exit. Neither needs a lock, which a
    killed worker would hold for ever. `first_processor` is a number by which workers choose their
    processors (cpu_affinity).
    """
    server.served = tempfile.TemporaryFile(buffering=0)
    server.awaited = multiprocessing.Value("i", 0, lock=False)
    server.first_processor = cpu_affinity.first()
    if not reload_on_change:
        gunicorn_master.install(server, ROOT)


def worker_exit(server, worker):
    """Close the file that `worker` (gunicorn's) shares with other processes; otherwise Python warns
    when the worker exits."""
    worker.served.close()


def on_exit(server):
    """Close, in gunicorn's master `server`, the file that it shares with the workers."""
    server.served.close()


def count(served):
    """Return how many workers have begun to serve since the master started: the size in bytes of
    the file `served`, to which each appends one byte."""
    return os.fstat(served.fileno()).st_size


def on_reload(server):
    """Set, when gunicorn's master `server` reloads, how many workers must have served in all, the
    new ones included, before the old ones may exit; and let lines that are logged once
    (chatsite/said_once.py) be logged again."""
    said_once.forget()
    server.awaited.value = count(server.served) + server.cfg.workers


def post_fork(server, worker):
    """Prepare a new worker process: block SIGTERM; give `worker` what workers share and its limits
    of connections; pin it to a processor, if `pin_workers`.

    SIGTERM stays blocked until `drain_at_exit`: while the worker imports the site, uvloop's
    handlers swallow signals, so that it would go on to serve until the master kills it after
    graceful_timeout.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    worker.served, worker.awaited = server.served, server.awaited
    worker.connections = ConnectionLimit(worker.cfg.worker_connections, connections_of_address)
    if pin_workers:
        cpu_affinity.keep_to(server.first_processor + worker.age)


def post_worker_init(worker):
    """Start the asyncio tasks of `worker` (gunicorn's) beside the site, `drain_at_exit` and
    `arrive`, and make `leave` the handler of SIGTERM. Exit if DEBUG is on and other machines can
    reach the site."""
    refuse_to_show_code(worker)
    worker.loop.add_signal_handler(signal.SIGTERM, leave, worker)
    worker.drain = worker.loop.create_task(drain_at_exit(worker))
    worker.arrival = worker.loop.create_task(arrive(worker))


def refuse_to_show_code(worker):
    """Exit if DEBUG is on and the site is served on an address that other machines can reach: error
    pages would show settings and code."""
    from django.conf import settings

    hosts = [sock.getsockname()[0] for sock in worker.sockets if sock.FAMILY != socket.AF_UNIX]
    if settings.DEBUG and not all(ipaddress.ip_address(host).is_loopback for host in hosts):
        worker.log.error("DEBUG is on while the site is served on %s. Set DEBUG=false.", hosts)
        sys.exit(Arbiter.WORKER_BOOT_ERROR)


def leave(worker):
    """Handle SIGTERM: let `worker` (gunicorn's) exit, on a reload only once the new workers serve,
    or after `reload_patience` seconds. The master sends the signal when the new ones have hardly
    begun to import the site, and requests would have to wait for them."""
    patience = worker.loop.time() + reload_patience

    def go_or_wait():
        if count(worker.served) >= worker.awaited.value or worker.loop.time() > patience:
            worker.handle_exit_signal()
        else:
            worker.loop.call_later(0.05, go_or_wait)

    go_or_wait()


async def arrive(worker):
    """Coroutine: wait until `worker` (gunicorn's) accepts connections and count it, by a byte in
    the shared file; the first worker also logs the site's address."""
    while not worker.servers:
        await asyncio.sleep(0.05)
    worker.served.write(b".")
    if worker.age == 1:
        greet(worker)


def greet(worker):
    """Log the address of the site and, if no gateway is configured, how to connect one."""
    from django.conf import settings

    worker.log.info("The chat is at %s", " ".join(map(str, worker.sockets)))
    if not settings.OPENAI_BASE_URL:
        worker.log.info(
            "No gateway is configured, so a demo model answers. To connect one, put"
            " OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL into %s",
            ROOT / ".env",
        )


async def drain_at_exit(worker):
    """Coroutine: wait until `worker` (gunicorn's) is told to exit; then give its open replies
    graceful_timeout less drain_margin seconds to finish, and interrupt the rest.

    gunicorn's master kills a worker that has sent no heartbeat for `timeout` seconds, and a worker
    that shuts down sends none of its own. This task sends them (`worker.notify`) until the process
    exits.
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    while worker.alive and worker.ppid == os.getppid():
        await asyncio.sleep(0.25)

    from conversations.replies import drain

    draining = worker.loop.create_task(drain.finish(worker.cfg.graceful_timeout - drain_margin))
    while True:
        worker.notify()
        await asyncio.sleep(0.25)
        if draining is not None and draining.done():
            if draining.exception():
                worker.log.error("Draining failed", exc_info=draining.exception())
            draining = None
