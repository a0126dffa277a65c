"""nginx with the repository's docs/nginx.conf, on free loopback ports, as reverse proxy of a site
on another port."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

CONFIG = Path(__file__).parent.parent.parent / "docs" / "nginx.conf"
# What Debian's own nginx.conf around it would give.
MAIN = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def nginx(folder, site_port, read_timeout=None, other_port=None):
    """Context manager: run nginx as proxy of 127.0.0.1:`site_port`, with its files in `folder` (a
    Path). `read_timeout`, in seconds, replaces `proxy_read_timeout` of the configuration (None: as
    it is); `other_port` is the port of a second server of the site behind nginx (None: none).

    Yield an object with `folder` and the URLs `http` and `https`, the latter with a self-signed
    certificate.
    """
    http, https = find_free_ports(2)
    site = CONFIG.read_text()
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{site_port}")
    if other_port:
        site = site.replace("# server 10.0.0.12:8000", f"server 127.0.0.1:{other_port}")
    site = re.sub(r".*listen \[::\].*\n", "", site)
    if read_timeout:
        site = re.sub(r"proxy_read_timeout \d+s", f"proxy_read_timeout {read_timeout}s", site)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{http};")
    site = site.replace("listen 443 ", f"listen 127.0.0.1:{https} ")
    site = re.sub(r"/etc/letsencrypt/live/[^/]*", str(folder), site)
    site = site.replace("/var/log/nginx", str(folder))
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "main.conf").write_text(MAIN.format(folder=folder, user=user))
    make_certificate(folder)
    server = subprocess.Popen(
        [PROGRAM, "-e", folder / "error.log", "-p", folder, "-c", folder / "main.conf"]
    )
    try:
        wait_until_it_answers(server, https)
        yield SimpleNamespace(
            http=f"http://127.0.0.1:{http}", https=f"https://127.0.0.1:{https}", folder=folder
        )
    finally:
        server.terminate()
        server.wait()


def find_free_ports(count):
    """Return a list of `count` TCP ports that are free on 127.0.0.1."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def make_certificate(folder):
    """Write a self-signed certificate and its key to fullchain.pem and privkey.pem in `folder`."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=chat.example.org"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )


def wait_until_it_answers(server, port):
    """Return once `server`, a Popen, listens on `port` of 127.0.0.1. Raise AssertionError if it
    ends, or has not done so after 10 seconds."""
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "nginx did not start"
            assert time.monotonic() < deadline, "nginx does not answer"
        time.sleep(0.02)
