"""Reader of environment variables and of the `.env` file, for Django's settings and gunicorn's."""

import io
import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from chatsite.listen_address import listen_addresses

WORDS = {"true": True, "1": True, "yes": True, "on": True}
WORDS |= {"false": False, "0": False, "no": False, "off": False}


class Environment(environ.Env):
    """Reader of environment variables: a method for each type of value.

    An empty variable counts as unset. A value that cannot be used raises ImproperlyConfigured with
    a sentence that names the variable, and does not repeat what may be secret. `secret_files` are
    the paths of the files that secrets were read from.
    """

    secret_files = ()
    # Names of the variables that the process was given; the others of ENVIRON are from the `.env`.
    GIVEN = frozenset()

    def source(self, var):
        """Return where the value of `var` comes from: "environment" or ".env", "file" (the one that
        {var}_FILE names), or "default" if none is set."""
        if self.ENVIRON.get(f"{var}_FILE"):
            return "file"
        if not self.ENVIRON.get(var):
            return "default"
        return "environment" if var in self.GIVEN else ".env"

    def get_value(self, var, cast=None, default=environ.Env.NOTSET, parse_default=False):
        """Return the variable `var`, converted by `cast`; `default` if it is unset or empty. Raise
        ImproperlyConfigured if it cannot be converted, or is unset or empty and `default` is
        NOTSET. `parse_default` is as in environ.Env."""
        if self.ENVIRON.get(var) == "":
            # `VAR=` in a .env means "not set"; django-environ would make it 0, False or {}.
            if default is self.NOTSET:
                raise ImproperlyConfigured(f"Set {var}: it is empty.")
            return default
        try:
            return super().get_value(var, cast, default, parse_default)
        except (ValueError, KeyError) as error:
            # Not the value itself: it may hold a key or a password.
            raise ImproperlyConfigured(
                f"{var} has a value that cannot be used; see .env.example."
            ) from error

    def flag(self, var, default):
        """Return the variable `var` as a bool, from true, 1, yes, on, false, 0, no or off;
        `default` if it is unset. Raise ImproperlyConfigured for any other value."""
        return WORDS[self.choice(var, str(default).lower(), tuple(WORDS), "true or false")]

    def number(self, var, default, least=0, most=None):
        """Return the variable `var` as an int from `least` to `most` (None: no upper bound);
        `default` if it is unset. Raise ImproperlyConfigured for any other value."""
        text = self.str(var, default=str(default)).strip() or str(default)
        digits = text.removeprefix("-")
        value = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
        if value is None or value < least or (most is not None and value > most):
            bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise ImproperlyConfigured(f"{var} must be a whole number {bounds}, not {text!r:.50}.")
        return value

    def choice(self, var, default, allowed, described=""):
        """Return the variable `var`, one of the words in `allowed`; `default` if it is unset. Upper
        case is accepted for words in lower case. Raise ImproperlyConfigured for any other value,
        with a sentence that says "must be" and `described`, or "": the list of the words."""
        value = self.str(var, default=default).strip() or default
        value = value if value in allowed else value.lower()
        if value not in allowed:
            described = described or f"one of {', '.join(allowed)}"
            raise ImproperlyConfigured(f"{var} must be {described}, not {value!r:.50}.")
        return value

    def secret(self, var, default=""):
        """Return the secret `var`, or the text of the file whose path is in `{var}_FILE`, without
        blanks around it; `default` if neither is set. Raise ImproperlyConfigured if both are set,
        or if the file cannot be read."""
        value, path = self.str(var, default=""), self.str(f"{var}_FILE", default="")
        if value and path:
            raise ImproperlyConfigured(f"Set {var} or {var}_FILE, not both.")
        if not path:
            return value.strip() or default
        self.secret_files = (*self.secret_files, path)
        try:
            return Path(path).read_text("utf-8").strip() or default
        except UnicodeDecodeError as error:
            raise ImproperlyConfigured(f"{var}_FILE names {path}, which is no text.") from error
        except OSError as error:
            raise ImproperlyConfigured(
                f"{var}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from error

    def addresses(self, var, default, port):
        """Return the addresses that the variable `var` names for the server to listen on, as a list
        of "HOST:PORT"; those of the text `default` if it is unset. What names no port gets `port`,
        an int. Raise ImproperlyConfigured if one is no IP address or `localhost`."""
        text = self.str(var, default=default)
        try:
            return listen_addresses(text if text.strip() else default, port)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{var} must be IP addresses like 127.0.0.1, 0.0.0.0 or [::], separated by commas, "
                f"not {str(error)!r:.50}. For a name or a socket use gunicorn's -b."
            ) from error

    def words(self, var, default=()):
        """Return the comma-separated words of the variable `var` as a list, without blanks around
        them; `default` as a list if there are none."""
        found = [word.strip() for word in self.list(var, default=[]) if word.strip()]
        return found or list(default)


# Names of the variables that settings were read from, and the Environment read last.
_read_by_site = set()
_latest = None
# Read by libraries of the site themselves: databases and object stores.
_READ_BY_LIBRARIES = ("AWS_", "PGPASS")


def is_read_by_site(name):
    """Return True if the environment variable `name` is a setting of this site, or is read by one
    of its libraries, so that its value must not be sent to anybody."""
    name = name.upper()
    return name.removesuffix("_FILE") in _read_by_site or name.startswith(_READ_BY_LIBRARIES)


def secret(name):
    """Return the value of the environment variable `name`, which need not be a setting of the site:
    from the process's environment, or the `.env` file that the settings were read from, or from the
    file that `{name}_FILE` names. "" if it is not set or that file cannot be read."""

    class Asked(Environment):
        ENVIRON = {**(_latest.ENVIRON if _latest is not None else {}), **os.environ}

    env = Asked()
    env.escape_proxy = True
    try:
        return env.secret(name)
    except ImproperlyConfigured:
        return ""


# The text of a `.env` file that is read in place of the file; None: the file is.
_kept = None


def keep(file):
    """Read the `.env` file at the path `file` now, and have `read_environment` use this text from
    now on, in this process and those forked from it, even if the file changes."""
    global _kept
    _kept = file.read_text("utf-8") if file.exists() else ""


def read_environment(file):
    """Return an Environment of the process's variables and, where not set, of the `.env` at `file`.

    Each call reads both anew into a copy: at SIGHUP gunicorn reads its configuration again in a
    process that imports no module twice, and what an earlier `.env` said must not outlive it. Under
    pytest the file is left out: tests run the same whatever gateway somebody's `.env` names.
    """

    global _latest

    class Read(Environment):
        ENVIRON = dict(os.environ)
        GIVEN = frozenset(os.environ)

        def get_value(self, var, *arguments, **options):
            _read_by_site.add(var)
            return super().get_value(var, *arguments, **options)

    if "pytest" not in sys.modules:
        Read.read_env(file if _kept is None else io.StringIO(_kept))
    env = Read()
    # A value that starts with "$" is itself, not the name of another variable.
    env.escape_proxy = True
    _latest = env
    return env
