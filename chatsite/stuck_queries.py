"""Stuck queries: finds and cuts the database connection that a thread waits on.

A database that is frozen, or a machine that fell off the network, answers nothing: time-outs of the
server do not fire, and `tcp_user_timeout` does not while the kernel there still acknowledges. So
the socket is shut down on this side, by which the waiting thread gets an OperationalError.
"""

import contextlib
import os
import socket
import sqlite3
import sys


def waiting_connection(thread_id):
    """Return the connection (of psycopg or sqlite3) that the thread with the ident `thread_id` is
    using now; None if it is not in a call of the database's driver.

    It is found on the thread's stack, since Django's connection objects are local to their thread,
    and one that the pool is just checking belongs to no thread yet.
    """
    # Imported by Django where the database is PostgreSQL; a site on SQLite is spared its 9 MB.
    psycopg = sys.modules.get("psycopg")
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
    """Shut down the socket of `connection`, one of psycopg, or interrupt the query of one of
    sqlite3, so that the thread that waits for it gets an OperationalError. Raises nothing."""
    with contextlib.suppress(Exception):
        if isinstance(connection, sqlite3.Connection):
            connection.interrupt()
            return
        # Of a copy: closing it leaves the driver's own descriptor as it is.
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
