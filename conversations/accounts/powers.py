"""Powers of accounts: permissions that give access to other people's text or usage, and who may
therefore change which account."""

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q

from conversations.models import Person

# Reading conversations of others, reading the access log, seeing usage per person.
POWERS = Q(
    content_type__app_label="conversations",
    codename__in=["review_conversation", "view_reviewaccess", "view_usage"],
)


def people_beyond(staff):
    """Return a queryset of the people whose accounts `staff` (a Person who may change people) must
    not change.

    Whoever can set the password or the e-mail address of an account can act as its person. So these
    are superusers, everybody with one of POWERS, and everybody with a permission that `staff` does
    not have, whether given to the person or to one of their groups. It never includes `staff`, and
    is empty if `staff` is a superuser.
    """
    if staff.is_superuser:
        return Person.objects.none()
    mine = Permission.objects.filter(Q(user=staff) | Q(group__user=staff))
    held = Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
    more = held.filter(POWERS | ~Q(pk__in=mine.values("pk")))
    return Person.objects.exclude(pk=staff.pk).filter(Q(is_superuser=True) | Exists(more))
