"""The outbox: e-mails are stored in the database, and sent outside of any request.

A mail server that accepts a connection and then says nothing would hold the thread of every request
that sends an e-mail: six password resets stopped a process. So Django's EMAIL_BACKEND is this one;
`conversations.mail.delivery` sends what it stores by the backend of EMAIL_URL.
"""

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from conversations.models import OutgoingMail

FIELDS = ("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "extra_headers")


class OutboxBackend(BaseEmailBackend):
    """Django's e-mail backend that stores messages as OutgoingMail, in the caller's transaction."""

    def send_messages(self, email_messages):
        """Store the messages; returns their number. Raises ValueError for an attachment."""
        for message in email_messages:
            OutgoingMail.objects.create(
                recipients=", ".join(message.recipients()),
                subject=message.subject[:200],
                content=as_content(message),
            )
        return len(email_messages)


def as_content(message):
    """An EmailMessage as a mapping for JSON."""
    if message.attachments:
        raise ValueError("The outbox keeps no attachments.")
    content = {name: getattr(message, name) for name in FIELDS}
    content["alternatives"] = [list(each) for each in getattr(message, "alternatives", ())]
    return content


def from_content(content, connection):
    """The EmailMultiAlternatives that `as_content` described, to be sent by `connection`."""
    fields = {name: content[name] for name in FIELDS if name != "extra_headers"}
    message = EmailMultiAlternatives(
        **fields, headers=content["extra_headers"], connection=connection
    )
    for text, mimetype in content["alternatives"]:
        message.attach_alternative(text, mimetype)
    return message
