"""The review notice: what the account page tells people of reviews of their own conversations, by
the setting REVIEW_NOTICE."""

from django.conf import settings

from conversations.models import Person, ReviewAccess

SHOWN = 20


def notice(person):
    """The context of the template `review/_account_notice.html`: `{"mode": …, "openings": […]}`.

    `mode` is REVIEW_NOTICE: "on", "full" or "off". `openings` are the newest readings of
    conversations of `person` as ReviewAccess rows, each with a Person or None as `reviewer`; only
    the mode "full" names them, and with "off" the list is empty.
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
