"""E-mail backend of Django that stores messages in the database, to be sent outside of any request.

A mail server that accepts a connection and then says nothing would hold the thread of every request
that sends an e-mail: six password resets stopped a process. So EMAIL_BACKEND names this module;
`conversations.mail.delivery` sends what it stores by the backend of EMAIL_URL.
"""

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from conversations.models import OutgoingMail

FIELDS = ("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "extra_headers")


class OutboxBackend(BaseEmailBackend):
    """E-mail backend of Django that stores messages as OutgoingMail, in the open transaction."""

    def send_messages(self, email_messages):
        """Store `email_messages`, a list of EmailMessage, and return their number.

        Raises ValueError for a message with attachments.
        """
        for message in email_messages:
            OutgoingMail.objects.create(
                recipients=", ".join(message.recipients()),
                subject=message.subject[:200],
                content=as_content(message),
            )
        return len(email_messages)


def as_content(message):
    """Return `message`, an EmailMessage, as a dict that can be stored as JSON.

    Raises ValueError if it has attachments.
    """
    if message.attachments:
        raise ValueError("The outbox keeps no attachments.")
    content = {name: getattr(message, name) for name in FIELDS}
    content["alternatives"] = [list(each) for each in getattr(message, "alternatives", ())]
    return content


def from_content(content, connection):
    """Return the EmailMultiAlternatives stored as `content`, the dict that `as_content` returned.

    Its `send()` uses `connection`, an e-mail backend of Django.
    """
    fields = {name: content[name] for name in FIELDS if name != "extra_headers"}
    message = EmailMultiAlternatives(
        **fields, headers=content["extra_headers"], connection=connection
    )
    for text, mimetype in content["alternatives"]:
        message.attach_alternative(text, mimetype)
    return message
