"""The powers of an account: permissions that open other people's text, or the usage of others."""

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q

from conversations.models import Person

# Reading conversations of others, reading the access log, seeing usage per person.
POWERS = Q(
    content_type__app_label="conversations",
    codename__in=["review_conversation", "view_reviewaccess", "view_usage"],
)


def people_beyond(staff):
    """The people whose accounts `staff`, who may change people, must not change, as a queryset.

    Whoever can set the password or the e-mail address of an account can act as its person. So these
    are superusers, everybody with one of POWERS, and everybody with a permission that `staff` do
    not have themselves; whether it was given to the person or to one of their groups. Superusers
    may change everybody, and everybody their own account.
    """
    if staff.is_superuser:
        return Person.objects.none()
    mine = Permission.objects.filter(Q(user=staff) | Q(group__user=staff))
    held = Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
    more = held.filter(POWERS | ~Q(pk__in=mine.values("pk")))
    return Person.objects.exclude(pk=staff.pk).filter(Q(is_superuser=True) | Exists(more))
