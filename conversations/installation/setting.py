"""One setting of the site as people are shown it: its value without secrets, and where that comes
from."""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from chatsite.settings import env
from conversations.installation.masking import masked

# Whatever else the catalogue says, a variable with such a name holds a secret.
SECRET_ENDINGS = ("_KEY", "_SECRET", "_TOKEN", "_PASSWORD")
# Settings that are a bool in Python and words in the environment.
WORDS = {"OIDC_SIGNUP": {True: "open", False: "closed"}}


@dataclass(frozen=True)
class Setting:
    """Setting: the `name` of its environment variable, its `default` as text, and its `meaning` for
    people. If `secret` is True, its value is never shown; if `command` is True, the value is a
    command line, of which only the program is shown."""

    name: str
    default: str
    meaning: str
    secret: bool = False
    command: bool = False

    @property
    def is_secret(self):
        """Return True if the value must not be shown."""
        return self.secret or self.name.endswith(SECRET_ENDINGS)

    @property
    def source(self):
        """Return where the value comes from, as text for people."""
        return {
            "environment": _("environment"),
            "file": _("the file that %(name)s names") % {"name": f"{self.name}_FILE"},
            ".env": ".env",
            "default": _("default"),
        }[env.source(self.name)]

    @property
    def is_default(self):
        """Return True if the operator has not set it."""
        return env.source(self.name) == "default"

    @property
    def value(self):
        """Return the value in force as text for people, with everything hidden that may be secret;
        "" if there is none."""
        if self.is_secret:
            return _("not set") if self.is_default else _("set")
        text = self._text()
        if self.command and "://" not in text:
            program, space, _arguments = text.partition(" ")
            return f"{program} …" if space else program
        return masked(text)

    def _text(self):
        """Return the value in force as text: that of Django's setting of the same name, if there is
        one; else that of the environment or of the file it names, or the default. "" if that file
        cannot be read."""
        if hasattr(settings, self.name):
            value = getattr(settings, self.name)
            return _as_text(WORDS[self.name][value] if self.name in WORDS else value)
        try:
            return env.secret(self.name, default=self.default)
        except ImproperlyConfigured:
            return ""  # the file was readable when the server started


def _as_text(value):
    """Return `value`, that of a setting in Python (bool, number, text, path, list or None), as it
    would be written in the environment; None becomes ""."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Group:
    """Settings of one subject: its `name` for people, and `settings`, a tuple of Setting."""

    name: str
    settings: tuple
