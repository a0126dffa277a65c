"""E-mails: stored by requests, sent outside of them, repeated, and seen where they fail."""

import re
import socket
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from conversations.mail.delivery import send_next
from conversations.models import OutgoingMail
from conversations.models.outgoing_mail import KEPT, PAUSES

OUTBOX = "conversations.mail.backend.OutboxBackend"
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def stored(settings):
    """E-mails go to the outbox, and from there to `mailoutbox`."""
    settings.EMAIL_BACKEND = OUTBOX
    settings.MAIL_BACKEND = LOCMEM


@pytest.fixture
def closed_port(settings):
    """The mail server is not there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    settings.MAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port


def write(**fields):
    message = EmailMultiAlternatives("Hello", "Plain", "a@example.org", ["b@example.org"], **fields)
    message.attach_alternative("<p>Rich</p>", "text/html")
    message.send()


@pytest.mark.django_db
def test_a_message_is_stored_and_then_sent_as_it_was(mailoutbox):
    write(cc=["c@example.org"], headers={"X-Kind": "test"})
    assert mailoutbox == []
    assert send_next()
    [sent] = mailoutbox
    assert (sent.subject, sent.body, sent.to) == ("Hello", "Plain", ["b@example.org"])
    assert (sent.cc, sent.extra_headers) == (["c@example.org"], {"X-Kind": "test"})
    assert [tuple(each) for each in sent.alternatives] == [("<p>Rich</p>", "text/html")]
    assert not OutgoingMail.objects.exists()
    assert not send_next()


@pytest.mark.django_db
def test_a_reset_stores_its_message_and_waits_for_no_mail_server(client, alice, closed_port):
    page = client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    assert page.status_code == 302
    [waiting] = OutgoingMail.objects.all()
    assert waiting.recipients == "alice@example.org"
    assert "/accounts/password/reset/key/" in waiting.content["body"]


@pytest.mark.django_db
def test_what_could_not_be_sent_is_repeated_with_pauses_and_given_up(
    closed_port, time_machine, caplog
):
    write()
    now = timezone.now()
    for pause in PAUSES:
        time_machine.move_to(now, tick=False)
        assert send_next()
        waiting = OutgoingMail.objects.get()
        assert waiting.next_attempt_at == now + pause
        assert "ConnectionRefusedError" in waiting.error
        assert not send_next()
        now += pause
    time_machine.move_to(now, tick=False)
    assert send_next()
    given_up = OutgoingMail.objects.get()
    assert given_up.is_given_up
    assert given_up.content == {}
    assert len(caplog.records) == len(PAUSES) + 1
    assert "b@example.org" not in caplog.text
    time_machine.move_to(now + KEPT + timedelta(days=1), tick=False)
    send_next()
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_it_is_sent_when_the_mail_server_is_back(closed_port, settings, mailoutbox):
    write()
    send_next()
    settings.MAIL_BACKEND = LOCMEM
    OutgoingMail.objects.update(next_attempt_at=timezone.now())
    send_next()
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_what_another_process_sends_is_left_alone(mailoutbox):
    write()
    OutgoingMail.objects.update(next_attempt_at=timezone.now() + PAUSES[0], attempts=1)
    assert not send_next()
    assert mail.outbox == []


@pytest.mark.django_db
def test_administrators_see_what_fails_and_no_text(client, administrator, alice, closed_port):
    client.force_login(administrator)
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    [link] = re.findall(r"/reset/key/([\w-]+)", OutgoingMail.objects.get().content["body"])
    send_next()
    path = "/admin/conversations/outgoingmail/"
    row = client.get(path).content.decode()
    assert "alice@example.org" in row and "ConnectionRefusedError" in row
    assert "to be repeated" in row
    page = client.get(f"{path}{OutgoingMail.objects.get().pk}/change/").content.decode()
    assert "alice@example.org" in page
    assert link not in row + page


class SilentServer:
    """A mail server that accepts connections and says nothing."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._held = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        while True:
            try:
                self._held.append(self._listener.accept()[0])
            except OSError:
                return

    def __exit__(self, *_error):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for held in self._held:
            held.close()


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_says_nothing_holds_up_no_request(make_server, visit, alice):
    with SilentServer() as silent:
        server = make_server(
            DJANGO_SETTINGS_MODULE="tests.support.settings.bare",
            EMAIL_URL=f"smtp://127.0.0.1:{silent.port}",
        )
        visitor = visit(server)
        for number in range(8):
            page = visitor.get("/accounts/password/reset/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
            form = {"csrfmiddlewaretoken": token, "email": f"person-{number}@example.org"}
            headers = {"Referer": f"{server.url}/"}
            sent = visitor.http.post("/accounts/password/reset/", data=form, headers=headers)
            assert sent.status_code == 302
        assert visitor.get("/accounts/login/").status_code == 200
        assert OutgoingMail.objects.exists()
        server.stop()
