"""Visitor: an HTTP client of a real server, without a browser, with cookies, forms and event
streams."""

import codecs
import re
import uuid
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

PATIENCE = 60  # seconds; against hanging, not for speed
# To read the system's certificates anew for each visitor took a sixteenth of all tests' time.
PLAIN_HTTP = False


class Visitor:
    """HTTP client of the site at `url`, logged in as `person` (None: not logged in)."""

    def __init__(self, url, person=None):
        self.person = person
        cookies = {"session": session_of(person)} if person else {}
        # The server closes connections that are idle for 5 s; after 2 s they are not reused here.
        limits = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.Client(
            base_url=url,
            cookies=cookies,
            timeout=PATIENCE,
            limits=limits,
            verify=PLAIN_HTTP,
        )

    def get(self, path, **kwargs):
        """Return the httpx response to a GET of `path`."""
        return self.http.get(path, **kwargs)

    def token(self):
        """Return a CSRF token from a page of the site; the cookie that belongs to it is kept."""
        page = self.get("/") if self.person else self.get("/accounts/login/")
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]

    def post(self, path, data=None, **kwargs):
        """Post the form `data` to `path` with a CSRF token; return the httpx response."""
        return self.http.post(
            path, data={"csrfmiddlewaretoken": self.token(), **(data or {})}, **kwargs
        )

    def send(self, text, conversation=None, **fields):
        """Send the message `text` in the Conversation with the id `conversation`, or a new one;
        return the httpx response to the form. `fields` are further fields of the form."""
        path = f"/conversations/{conversation}/" if conversation else "/"
        fields.setdefault("submission", str(uuid.uuid4()))
        return self.post(path, {"text": text, **fields})

    def ask(self, text, conversation=None, **fields):
        """Send the message `text` in the Conversation with the id `conversation`, or a new one;
        return the Response row of the reply, as soon as the form is accepted. Raise AssertionError
        if it is refused. `fields` are further fields of the form."""
        from conversations.models import Response

        answer = self.send(text, conversation, **fields)
        assert answer.status_code == 303, answer.text
        conversation = answer.headers["Location"].split("/")[2]
        # The conversation may also have the Response of its title by now.
        replies = Response.objects.filter(conversation_id=conversation, purpose="reply")
        return replies.latest("created_at")

    def events(self, response_id):
        """Return the EventStream of the reply of the Response with the id `response_id`: enter it
        as a context manager and iterate it for Events."""
        return EventStream(self.http, f"/responses/{response_id}/events/")

    def watch(self, response_id):
        """Return a list of all Events of the reply of the Response with the id `response_id`; wait
        until the server ends the stream."""
        with self.events(response_id) as stream:
            return list(stream)

    def close(self):
        self.http.close()


@dataclass(frozen=True)
class Event:
    """Server-sent event: its name, and its data (HTML) as text."""

    name: str
    data: str

    @property
    def text(self):
        """Data of the event without HTML tags."""
        return re.sub(r"<[^>]+>", "", self.data)


class EventStream:
    """Stream of server-sent events from `path`, read by the httpx.Client `http`: a context manager
    and an iterable of Events. `comments` counts the comments (heartbeats), `answer` is the httpx
    response."""

    def __init__(self, http, path):
        self._context = http.stream("GET", path)
        self.comments = 0

    def __enter__(self):
        self.answer = self._context.__enter__()
        return self

    def __exit__(self, *error):
        self._context.__exit__(*error)

    def __iter__(self):
        name, data, rest = "message", [], ""
        decode = codecs.getincrementaldecoder("utf-8")().decode
        # Not iter_text: it keeps chunks back until it has read more.
        for chunk in self.answer.iter_raw():
            *lines, rest = (rest + decode(chunk)).split("\n")
            for line in lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data.append(line[6:])
                elif not line and data:
                    yield Event(name, "\n".join(data))
                    name, data = "message", []


def session_of(person):
    """Create a session in which `person` is logged in; return its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session.session_key
