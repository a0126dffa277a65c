"""Check of the mail server: connection and login; an e-mail is sent only where one is asked for."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding
from conversations.models import OutgoingMail


def check(address=""):
    """Return the list of Findings about the mail server. Send a test e-mail to `address` unless it
    is ""."""
    if not settings.MAIL_BACKEND.endswith("smtp.EmailBackend"):
        return [
            Finding(
                WARNING,
                _("No mail server is configured: nobody can reset a password by e-mail."),
                _("Set EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587 and DEFAULT_FROM_EMAIL."),
            )
        ]
    return [_connected(address), *_sender()]


def given_up():
    """Return the list of Findings about e-mails of the last thirty days that are no longer tried
    since they could not be sent. Raises DatabaseError if the database does not answer."""
    count = OutgoingMail.objects.filter(next_attempt_at=None).count()
    if not count:
        return [Finding(OK, _("No e-mail was given up."))]
    last = OutgoingMail.objects.filter(next_attempt_at=None).order_by("-created_at").first()
    return [
        Finding(
            WARNING,
            format_lazy(
                _("{count} e-mails could not be sent; of the last: {why}"),
                count=count,
                why=last.error.partition(":")[0],
            ),
            _("They are listed in the administration, under E-mails."),
        )
    ]


def _connected(address):
    """Return the Finding about connection, login and the test e-mail to `address` ("": none)."""
    connection = get_connection(settings.MAIL_BACKEND)
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        try:
            connection.open()
            if address:
                EmailMessage(
                    _now("A test of the mail server"),
                    _now("This site can send e-mails: manage.py doctor sent this one."),
                    settings.DEFAULT_FROM_EMAIL,
                    [address],
                    connection=connection,
                ).send()
        finally:
            # Closed also if the login was refused.
            connection.close()
    except Exception as error:
        # Exceptions of smtplib, the system and TLS; that of a refused login contains no password.
        why = " ".join(str(error).split())[:200] or type(error).__name__
        return Finding(
            PROBLEM,
            format_lazy(
                _("The mail server {server} did not take it: {why}"), server=server, why=why
            ),
            _(
                "Check host, port, user and password in EMAIL_URL: smtp+tls is STARTTLS, port 587; "
                "smtp+ssl is TLS from the start, port 465."
            ),
        )
    if address:
        return Finding(
            OK,
            format_lazy(_("{server} took an e-mail to {address}."), server=server, address=address),
        )
    if settings.EMAIL_HOST_USER:
        return Finding(OK, format_lazy(_("{server} answers and takes the login."), server=server))
    return Finding(OK, format_lazy(_("{server} answers; no login is configured."), server=server))


def is_sender_refused():
    """Return True if other mail servers refuse the sender DEFAULT_FROM_EMAIL, an address with or
    without a name, since it is at localhost."""
    return settings.DEFAULT_FROM_EMAIL.rstrip("> ").endswith("@localhost")


def _sender():
    if is_sender_refused():
        return [
            Finding(
                WARNING,
                _(
                    "E-mails come from an address that others refuse: DEFAULT_FROM_EMAIL ends in "
                    "@localhost."
                ),
                _("Set it to an address of your domain."),
            )
        ]
    return []
