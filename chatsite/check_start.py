"""Check whether the site could start with the environment and the `.env` file as they are now.

python -m chatsite.check_start    prints what is wrong and exits with status 1, or says nothing

For the service manager before a reload, and for gunicorn's master at SIGHUP
(chatsite/gunicorn_master.py).
"""

import os
import runpy
import sys
import warnings
from pathlib import Path

import django
from django.core import checks

ROOT = Path(__file__).resolve().parent.parent


def problem():
    """Return a sentence that says why the site could not start; "" if it could.

    Loads gunicorn.conf.py and Django, so call it once, in a process of its own.
    """
    # Python would print warnings above the sentence.
    warnings.simplefilter("ignore")
    try:
        runpy.run_path(str(ROOT / "gunicorn.conf.py"))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
        django.setup(set_prefix=False)
        from conversations.checks import START

        found = checks.run_checks(tags=[START])
    except SystemExit as error:
        return str(error)
    except Exception as error:
        return str(error) or type(error).__name__
    return " ".join(f"{each.msg} {each.hint}" for each in found if each.level >= checks.ERROR)


if __name__ == "__main__":
    sys.exit(problem() or 0)
