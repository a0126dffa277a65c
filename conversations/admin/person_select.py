"""Widget to choose a person in the forms of the administration, which also works where the browser
runs no JavaScript."""

import unicodedata

from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.html import format_html
from django.utils.translation import gettext as _

from conversations.models import Person

# Before a username that was typed and that nobody has: never the key of a row.
_UNKNOWN = "@"


class PersonSelect(AutocompleteSelect):
    """Widget to choose a Person: Django's AutocompleteSelect, which looks people up while one
    types, and for browsers without JavaScript a text field for the username (in `noscript`), since
    a list of all people would be too long."""

    def build_attrs(self, base_attrs, extra_attrs=None):
        """Return the HTML attributes of the `select`, a dict, with "Username" as its placeholder,
        which is also its name for screen readers."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return {**attrs, "data-placeholder": _("Username")}

    def value_from_datadict(self, data, files, name):
        """Return the primary key of the chosen person, "" for nobody; for a username that nobody
        has, "@" and that text, which is no key, so that the form refuses it and shows it again."""
        typed = data.get(f"{name}_username")
        if typed is None:
            return super().value_from_datadict(data, files, name)
        username = unicodedata.normalize("NFKC", typed.strip())
        person = Person.objects.filter(username=username).first() if username else None
        return person.pk if person else _UNKNOWN + typed if username else ""

    def render(self, name, value, attrs=None, renderer=None):
        """Return the HTML of the field for `value`: the primary key of the chosen person, None, or
        "@" and a username that nobody has."""
        chosen = None if str(value or "").startswith(_UNKNOWN) else value
        person = Person.objects.filter(pk=chosen).first() if chosen else None
        username = person.username if person else str(value or "").removeprefix(_UNKNOWN)
        return format_html(
            '{}<noscript><input type="text" name="{}_username" value="{}" maxlength="150"'
            ' class="vTextField" aria-label="{}" placeholder="{}"></noscript>',
            super().render(name, chosen, attrs, renderer),
            name,
            username,
            _("Username"),
            _("Username"),
        )
