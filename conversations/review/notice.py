"""What people are told about the review of their own conversations (REVIEW_NOTICE)."""

from django.conf import settings

from conversations.models import Person, ReviewAccess

SHOWN = 20


def notice(person):
    """Context for `review/_account_notice.html`: the rule that holds, and who opened what when.

    `mode` is REVIEW_NOTICE; `openings` the newest rows of the log about `person`'s own
    conversations, each with `reviewer`, who is None unless the mode is "full". With the mode
    "off" nothing is told, and the administrators' page of settings says so.
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
