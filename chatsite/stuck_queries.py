"""Stuck queries: finding and cutting the database connection that a thread waits on.

A database that is frozen, or a machine that fell off the network, answers nothing: time-outs of the
server do not fire, and `tcp_user_timeout` does not while the kernel there still acknowledges. So
the socket is shut down on our side, by which the thread that waits on it gets an OperationalError.
"""

import contextlib
import os
import socket
import sqlite3
import sys

try:
    import psycopg
except ImportError:  # SQLite needs no driver
    psycopg = None


def waiting_connection(thread_id):
    """The connection, of psycopg or sqlite3, on which the thread `thread_id` is waiting now; None
    where it does something else.

    Found on the thread's stack, since Django's connections cannot be looked at from another thread,
    and that which the pool is just checking belongs to nobody yet.
    """
    frame = sys._current_frames().get(thread_id)
    while frame is not None:
        held = frame.f_locals.get("self")
        # The type, for `isinstance` would make a lazy object of Django ask the database here.
        if psycopg is not None and issubclass(type(held), psycopg.Connection):
            return held
        if issubclass(type(held), sqlite3.Cursor):
            return held.connection
        frame = frame.f_back
    return None


def cut(connection):
    """End what `connection` waits for; its thread gets an OperationalError."""
    with contextlib.suppress(Exception):
        if isinstance(connection, sqlite3.Connection):
            connection.interrupt()
            return
        # Of a copy: closing it leaves the driver's own descriptor as it is.
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
