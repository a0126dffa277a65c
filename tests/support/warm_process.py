"""Processes forked from a Python that has imported the libraries, so that they start quickly.

Most of what the start of a test server costs is the import of libraries, the same for all. So each
run of pytest keeps one process that has imported them, but nothing of the site and none of its
settings; a server begins as a fork of it.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import warnings

LIBRARIES = """
    aiohttp comrak environ gunicorn.app.wsgiapp gunicorn.workers.gasgi httpx httpx_aiohttp math_core
    nh3 psycopg psycopg_pool pygments.lexers runpy servestatic uvloop
    django.contrib.admin.options django.contrib.auth.hashers django.core.handlers.asgi
    django.core.management django.db.backends.sqlite3.base django.db.models django.forms
    django.http django.template.loader_tags django.test.signals django.urls django.views.generic
""".split()

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(LIBRARIES)


class WarmProcess:
    """Process that runs `python -m module arguments…` in a session of its own in the folder `cwd`,
    with the environment `env` and its output appended to the file `log`. Has the `pid`, `poll`,
    `wait`, `returncode` and `send_signal` of subprocess.Popen."""

    def __init__(self, module, *arguments, cwd, env, log):
        # A daemon: not waited for at the end of the tests, if one should leave it running.
        self._process = forkserver.Process(
            target=_run, args=(module, arguments, os.fspath(cwd), env, os.fspath(log)), daemon=True
        )
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        """Exit status as in subprocess.Popen: None while the process runs, negative after a
        signal."""
        return self._process.exitcode

    poll = returncode.fget

    def wait(self, timeout=None):
        """Wait until the process ends; return its exit status. Raise subprocess.TimeoutExpired
        after `timeout` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.returncode

    def send_signal(self, number):
        """Send the signal `number` if the process still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _run(module, arguments, cwd, env, log):
    """Set up session, output, folder and environment of the forked process, and run the module."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(log, "ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    warnings.simplefilter("default")
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
