"""Sending what the outbox holds: one e-mail at a time, repeated with growing pauses."""

import logging

from django.conf import settings
from django.core.mail import get_connection
from django.utils import timezone

from conversations.mail.backend import from_content
from conversations.models import OutgoingMail
from conversations.models.outgoing_mail import KEPT, PAUSES

logger = logging.getLogger(__name__)


def send_next():
    """Send the e-mail that is due longest, if there is one. Returns whether there was.

    A process claims it by one guarded UPDATE that also sets the time of the next attempt, so no
    other sends it meanwhile, and after a crash it is tried again.
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
    try:
        connection = get_connection(settings.MAIL_BACKEND)
        from_content(mail.content, connection).send()
    except Exception as error:
        # Not the words of the mail server's answer: they may repeat the address.
        said = f"{type(error).__name__}: {error}"[:300]
        changes = {"error": said}
        if is_last:
            changes |= {"next_attempt_at": None, "content": {}}
        OutgoingMail.objects.filter(pk=mail.pk).update(**changes)
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
    """Delete what was given up long ago."""
    OutgoingMail.objects.filter(next_attempt_at=None, created_at__lt=now - KEPT).delete()
