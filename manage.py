#!/usr/bin/env python
"""Django's command-line utility for the site: `./manage.py help` lists the commands."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from chatsite.file_modes import PUBLIC_COMMANDS, UMASK

    if not set(sys.argv[1:2]) & set(PUBLIC_COMMANDS):
        os.umask(UMASK)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    if sys.argv[1:] in (["version"], ["--version"]):
        # Django answers both by itself, with its own version.
        from chatsite.version import version

        print(version())  # noqa: T201
    else:
        try:
            execute_from_command_line(sys.argv)
        except (ImproperlyConfigured, DatabaseError) as error:
            from chatsite.command_errors import told

            text = told(sys.argv[1:], error)
            if text is None or "--traceback" in sys.argv:
                raise
            stream = sys.stdout if sys.argv[1:2] == ["doctor"] else sys.stderr
            print(text, file=stream)
            sys.exit(1)
