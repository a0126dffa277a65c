"""Delivery of the stored e-mails (OutgoingMail): one at a time, repeated with growing pauses."""

import logging

from django.conf import settings
from django.core.mail import get_connection
from django.utils import timezone

from conversations.mail.backend import from_content
from conversations.models import OutgoingMail
from conversations.models.outgoing_mail import KEPT, PAUSES

logger = logging.getLogger(__name__)


def send_next():
    """Send the e-mail that has been due for longest; return False if none is due, else True.

    A process claims the e-mail by one conditional UPDATE that also sets the time of the next
    attempt: no other process sends it meanwhile, and after a crash it is tried again. A failure is
    stored with the e-mail and logged, not raised.
    """
    now = timezone.now()
    due = OutgoingMail.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at").first()
    if due is None:
        _forget(now)
        return False
    attempts = due.attempts + 1
    is_last = attempts > len(PAUSES)
    pause = PAUSES[min(due.attempts, len(PAUSES) - 1)]
    claimed = OutgoingMail.objects.filter(pk=due.pk, attempts=due.attempts).update(
        attempts=attempts, next_attempt_at=now + pause
    )
    if claimed:
        _send(due, attempts, is_last)
    return True


def _send(mail, attempts, is_last):
    """Send `mail` (OutgoingMail) and delete its row. On failure store the error in the row and log
    it, with the number of `attempts` so far; if `is_last` try no more, and empty its content."""
    try:
        connection = get_connection(settings.MAIL_BACKEND)
        from_content(mail.content, connection).send()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:300]
        changes = {"error": said}
        if is_last:
            changes |= {"next_attempt_at": None, "content": {}}
        OutgoingMail.objects.filter(pk=mail.pk).update(**changes)
        # The mail server's answer is not logged: it may repeat the address.
        logger.warning(
            "E-mail %s could not be sent (attempt %s, %s): %s.",
            mail.pk,
            attempts,
            "given up" if is_last else "to be repeated",
            type(error).__name__,
        )
    else:
        mail.delete()


def _forget(now):
    """Delete e-mails that are no longer tried and were written more than KEPT before `now`."""
    OutgoingMail.objects.filter(next_attempt_at=None, created_at__lt=now - KEPT).delete()
