"""Caddy with the repository's container/Caddyfile, on free loopback ports, as reverse proxy of a
site on another port."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager

from tests.support.nginx import find_free_ports
from tests.support.server import ROOT

CONFIG = ROOT / "container" / "Caddyfile"
PROGRAM = shutil.which("caddy")


@contextmanager
def caddy(folder, site_port):
    """Context manager: run Caddy as proxy of 127.0.0.1:`site_port` for the host localhost, with its
    files in `folder` (a Path). Yield the https URL, whose certificate is signed by an authority
    that no client knows."""
    http, https, admin = find_free_ports(3)
    ports = f"admin 127.0.0.1:{admin}\n\thttp_port {http}\n\thttps_port {https}\n"
    # In tests it asks no password to have its certificate trusted by the whole machine.
    ports += "\tskip_install_trust\n\tdefault_bind 127.0.0.1\n"
    (folder / "Caddyfile").write_text(CONFIG.read_text().replace("\n{\n", f"\n{{\n\t{ports}", 1))
    environment = {
        **os.environ,
        "ALLOWED_HOSTS": "localhost",
        "SITE_ADDRESS": f"127.0.0.1:{site_port}",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
    }
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [PROGRAM, "run", "--config", folder / "Caddyfile"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_it_answers(server, https, folder / "log")
        yield f"https://localhost:{https}"
    finally:
        server.terminate()
        server.wait()


def wait_until_it_answers(server, port, log):
    """Return once `server`, a Popen, has a certificate for localhost on `port` of 127.0.0.1. Raise
    AssertionError with the text of the file `log` if it ends, or has none after 30 seconds."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    deadline = time.monotonic() + 30
    while True:
        try:
            # It listens before it has made its certificate.
            with (
                socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
                context.wrap_socket(connection, server_hostname="localhost"),
            ):
                return
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
