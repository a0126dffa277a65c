"""Items of types that this site does not know: kept, and shown as one line with their type."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import line_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class UnknownLook(Look):
    """Look of an item of unknown type: `name` is its `type` and `status` its `status`, as the
    gateway sent them in one line, cut to 80 and 40 characters; "" if missing."""

    name: str = ""
    status: str = ""


class Unknown(Kind):
    """Kind for any item whose type no other Kind handles."""

    type = "unknown"

    def look(self, *items: Item, live: bool = False) -> UnknownLook:
        return UnknownLook(
            self.type,
            *state_of(items[-1], live),
            name=line_in(items[-1], "type", 80),
            status=line_in(items[-1], "status", 40),
        )

    def came(self, item: Item) -> str:
        return _("The reply is of a kind that this site does not know.")

    def exported(self, item: Item) -> str:
        name = line_in(item, "type", 80)
        return _("The reply has a “%(type)s”, which is not shown.") % {"type": name} if name else ""
