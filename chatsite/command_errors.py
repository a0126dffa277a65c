"""What `manage.py` prints in place of a traceback where a setting has a value that cannot be used,
or the database does not answer or has not the tables of this release."""

import json

from django.db import DatabaseError

from conversations.doctor.finding import PROBLEM, Finding


def told(arguments, error):
    """Return the text for `error`, an ImproperlyConfigured or a DatabaseError; None for an error of
    the database that is a mistake in the code.

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
    """Return the sentence about `error`, None if it is no outage; where the database cannot be
    reached, with the reason: a connection pool does not know it."""
    # After Django is set up.
    from conversations.database.outage import brief, passes, sentence
    from conversations.doctor.database import why_unreachable

    if not passes(error):
        return None
    return f"{sentence(error)}: {why_unreachable() or brief(error)}"
