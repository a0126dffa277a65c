"""Review notice: tells people on their account page about reviews of their own conversations, as
far as the setting REVIEW_NOTICE allows."""

from django.conf import settings

from conversations.models import Person, ReviewAccess

SHOWN = 20


def notice(person):
    """Return the context of the template `review/_account_notice.html` for `person`, whose account
    page it is on: `{"mode": …, "openings": […]}`.

    `mode` is REVIEW_NOTICE: "on", "full" or "off". `openings` are the newest 20 (SHOWN) rows of the
    access log about readings of the person's conversations; with "off" there are none. The
    attribute `reviewer` of each is a Person with "full" (None if deleted), else None.
    """
    mode = settings.REVIEW_NOTICE
    openings = []
    if mode != "off":
        openings = list(
            ReviewAccess.objects.filter(owner_id=person.pk, action__in=ReviewAccess.READING)[:SHOWN]
        )
    names = {}
    if mode == "full":
        names = Person.objects.in_bulk({opening.reviewer_id for opening in openings})
    for opening in openings:
        opening.reviewer = names.get(opening.reviewer_id)
    return {"mode": mode, "openings": openings}
