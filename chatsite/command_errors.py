"""Error messages that `manage.py` prints in place of a traceback if a setting has a value that
cannot be used, or if the database does not answer or has not the tables of this release."""

import json

from django.db import DatabaseError

from conversations.doctor.finding import PROBLEM, Finding


def told(arguments, error):
    """Return the text to print for `error`, an ImproperlyConfigured or a DatabaseError; None for a
    DatabaseError that comes from a mistake in the code, whose traceback is wanted.

    `arguments` are those of the command line after the program. For `doctor --json` the text is the
    JSON that this command prints.
    """
    if isinstance(error, DatabaseError):
        return _about_the_database(error)
    if arguments[:1] != ["doctor"]:
        return str(error)
    todo = "Correct it in .env or in the environment; nothing else was checked."
    if "--json" in arguments:
        finding = Finding(PROBLEM, str(error), todo).as_dict("settings")
        return json.dumps({"ok": False, "findings": [finding]}, indent=2)
    return f"problem  settings     {error}\n{'':<22}{todo}"


def _about_the_database(error):
    """Return the sentence about the DatabaseError `error`, with the reason why the database cannot
    be reached (asked for anew, since an error of the connection pool does not have it); None if it
    is neither an outage nor a missing table."""
    # After Django is set up.
    from conversations.database.outage import brief, passes, sentence
    from conversations.doctor.database import why_unreachable

    if not passes(error):
        return None
    return f"{sentence(error)}: {why_unreachable() or brief(error)}"
