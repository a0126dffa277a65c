"""A person at a real server, without a browser: cookies, forms and event streams by httpx."""

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
    """`person` logged in at `url` (None: nobody)."""

    def __init__(self, url, person=None):
        self.person = person
        cookies = {"session": session_of(person)} if person else {}
        # The server closes what is idle for five seconds: not at the moment it is used again.
        limits = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.Client(
            base_url=url,
            cookies=cookies,
            timeout=PATIENCE,
            limits=limits,
            verify=PLAIN_HTTP,
        )

    def get(self, path, **kwargs):
        return self.http.get(path, **kwargs)

    def token(self):
        """A token for forms; the cookie that belongs to it is kept."""
        page = self.get("/") if self.person else self.get("/accounts/login/")
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]

    def post(self, path, data=None, **kwargs):
        """Post a form with a token in it."""
        return self.http.post(
            path, data={"csrfmiddlewaretoken": self.token(), **(data or {})}, **kwargs
        )

    def send(self, text, conversation=None, **fields):
        """Send a message; returns the answer to the form."""
        path = f"/conversations/{conversation}/" if conversation else "/"
        fields.setdefault("submission", str(uuid.uuid4()))
        return self.post(path, {"text": text, **fields})

    def ask(self, text, conversation=None, **fields):
        """Send a message and return its Response row."""
        from conversations.models import Response

        answer = self.send(text, conversation, **fields)
        assert answer.status_code == 303, answer.text
        conversation = answer.headers["Location"].split("/")[2]
        # Its title may be under way by now.
        replies = Response.objects.filter(conversation_id=conversation, purpose="reply")
        return replies.latest("created_at")

    def events(self, response_id):
        """An event stream, to be iterated for Events; a context manager closes it."""
        return EventStream(self.http, f"/responses/{response_id}/events/")

    def watch(self, response_id):
        """All Events of a reply until the server ends the stream."""
        with self.events(response_id) as stream:
            return list(stream)

    def close(self):
        self.http.close()


@dataclass(frozen=True)
class Event:
    name: str
    data: str

    @property
    def text(self):
        """What a reader sees of it, without the tags."""
        return re.sub(r"<[^>]+>", "", self.data)


class EventStream:
    """Reads server-sent events as a browser does; comments are counted."""

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
    """The key of a fresh session in which `person` is logged in."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session.session_key
