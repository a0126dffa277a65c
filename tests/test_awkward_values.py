"""Every address with awkward values in its path, query, form, cookies and headers: never a 500.

Which names a view reads is recorded while it runs, so a parameter that is new is walked too.
"""

import copy
import logging
import re
from urllib.parse import quote, unquote

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpHeaders, QueryDict
from django.test import Client
from django.test.client import ClientHandler
from django.urls import Resolver404, get_resolver, resolve

from conversations.models import Person
from tests.conftest import make_person
from tests.support.review_stage import ANSWER, converse
from tests.support.soak_scale import amount

pytestmark = pytest.mark.soak

# How many times fewer pairs of a name and a value CI tries than `make soak`. Which values a name
# gets differs from name to name, so that each value is tried somewhere.
THINNED = amount(4, 1)

VALUES = [
    "",
    " ",
    "0",
    "-1",
    "-9223372036854775809",
    "9223372036854775808",
    "99999999999999999999",
    "9" * 400,
    "9" * 5_000,
    "1e400",
    "1e-400",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "٣",
    "²",
    "0001-01-01",
    "9999-12-31",
    "1900-01-01",
    "2026-02-30",
    "10000-01-01",
    "0000-00-00",
    "23:59:60",
    "\0",
    "a\0b",
    "\ud800",
    "\x1b[31m",
    "\r\nSet-Cookie: a=b",
    "\u202eevil",
    "\u200b",
    "\ufeff",
    "'\"><script>alert(1)</script>",
    "%",
    "%s%n%(a)s",
    "{{ 7 }}{% x %}",
    "../../../../etc/passwd",
    "//evil.example/",
    "http://[::1",
    "javascript:alert(1)",
    "Etc/Unknown",
    "Factory",
    "localtime",
    "Europe%2FBerlin",
    "undefined",
    "true",
    "[]",
    "a=b; c=d, e",
    "x" * 10_000,
    "𝕏🏳️‍🌈",
    "00000000-0000-0000-0000-000000000000",
]
# What browsers, proxies and libraries look at, beside what views are seen to read.
HEADERS = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Expect",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Origin",
    "Range",
    "Referer",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-Purpose",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Via",
    "X-CSRFToken",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Fragment",
    "X-HTTP-Method-Override",
    "X-Real-IP",
    "X-Request-Id",
    "X-Requested-With",
]
# Against one name at a time: the others are then as the page sends them, so that no refusal of
# another field hides what this one does.
WORST = ["9" * 20, "a\0b", "0001-01-01", "9999-12-31", "9" * 5_000]
PARTS = {
    "<uuid:conversation_id>": lambda own, other: own.pk,
    "<uuid:message_id>": lambda own, other: own.messages.get(text=ANSWER).pk,
    "<uuid:response_id>": lambda own, other: own.messages.get(text=ANSWER).response.pk,
    "<path:object_id>": lambda own, other: own.owner_id,
    "<path:content_type_id>": lambda own, other: 1,
    "<id>": lambda own, other: own.owner_id,
    "<str:username>": lambda own, other: own.owner.username,
    "<str:token>": lambda own, other: "token",
    "<int:pk>": lambda own, other: 1,
}
# Of addresses that are written as patterns.
PATTERNS = {
    "(?P<key>[-:\\w]+)/$": "{}/",
    "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "1-{}/",
    "(?P<url>.*)$": "no/{}/",
    "^": "",
}
# Pages that Django and allauth draw, alike in what they do with a value.
LIBRARIES = re.compile("^/(admin|accounts)/")
# Django's own for models all look alike: those of one are walked, of the others the lists.
SKIPPED = re.compile(r"^admin/(?!conversations/person/)\w+/\w+/(add/|<path|.*history)|^admin/r/")


class Recorder:
    """Collects the names that a view looks up in what a client sent."""

    def __init__(self):
        self.names = {"GET": set(), "POST": set(), "COOKIES": set(), "headers": set()}

    def watch(self, request):
        post = QueryDict("", mutable=True)
        post.update(request.POST)
        request.GET = self._recording(request.GET, "GET")
        request.POST = self._recording(post, "POST")
        request.COOKIES = self._recording(request.COOKIES, "COOKIES")
        request.headers = self._recording(HttpHeaders(request.META), "headers")

    def _recording(self, values, place):
        names = self.names[place]

        class Recording(type(values)):
            def __getitem__(self, name):
                names.add(name)
                return super().__getitem__(name)

            def __contains__(self, name):
                names.add(name)
                return super().__contains__(name)

            def get(self, name, *default):
                names.add(name)
                return super().get(name, *default)

            def getlist(self, name, *default):
                names.add(name)
                return super().getlist(name, *default)

            def items(self):
                # Who goes through all of them knows none by name.
                return ((name, super(Recording, self).__getitem__(name)) for name in self)

        # Not built anew: its own __init__ looks names up.
        recording = Recording.__new__(Recording)
        if isinstance(values, dict):
            dict.update(recording, values)
        vars(recording).update(getattr(values, "__dict__", {}))
        return recording


class RecordingHandler(ClientHandler):
    recorder = None

    def get_response(self, request):
        if self.recorder:
            self.recorder.watch(request)
        return super().get_response(request)


class Walker(Client):
    """A client that undoes what a request changed and keeps its own cookies."""

    def __init__(self):
        super().__init__(raise_request_exception=False)
        self.handler = RecordingHandler(enforce_csrf_checks=False)
        self.faults = []

    def walk(self, method, path, values="", data=None, **headers):
        kept = copy.deepcopy(self.cookies)
        with transaction.atomic():
            answer = getattr(self, method)(path, data, **headers)
            if answer.streaming and not answer.is_async:
                b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        self.cookies = kept
        if answer.status_code >= 500:
            error = answer.exc_info[1] if answer.exc_info else ""
            self.faults.append(f"{method} {path[:100]} {values!r:.100}: {error!r:.200}")
        return answer

    def names(self, method, path, data=None):
        """What the view reads of a request by `method`, by the place it reads it from."""
        self.handler.recorder = recorder = Recorder()
        self.walk(method, path, "as it is", data)
        self.handler.recorder = None
        return recorder.names


@pytest.fixture
def walker(db, settings):
    """Someone who may open every page, with a conversation of their own and one to review."""
    everybody = make_person("alice", is_staff=True, is_superuser=True)
    group = Group.objects.get(name="Reviewers")
    Person.groups.through.objects.create(person=everybody, group=group)
    settings.SIGNUP = "open"
    # Each refusal is a line: formatting them took half of the time.
    logging.disable(logging.ERROR)
    walker = Walker()
    walker.force_login(everybody)
    walker.own, walker.others = converse(everybody), converse(make_person("bob"))
    reason = {"reason": "complaint", "explanation": "She asked.", "remember": "on"}
    walker.post(f"/review/{walker.others.pk}/", reason)
    yield walker
    logging.disable(logging.NOTSET)


def routes(patterns=None, prefix=""):
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        elif not SKIPPED.match(route):
            yield route


def address(route, walker, part=None):
    """The route's address; with `part`, that is what stands in it."""
    conversation = walker.others if route.startswith("review/") else walker.own
    for written, value in PARTS.items():
        if written in route:
            given = value(conversation, None) if part is None else part
            route = route.replace(written, str(given))
    route = re.sub(r"\(\?P<app_label>[^)]*\)/\$", "conversations/", route)
    for written, shape in PATTERNS.items():
        route = route.replace(written, shape.format("key" if part is None else part))
    return "/" + route


def quoted(text):
    return quote(text.encode("utf-8", "surrogatepass"))


def test_no_value_in_a_path_breaks_a_page(walker):
    refused = set()
    for route in routes():
        if address(route, walker, "a") == address(route, walker, "b"):
            continue
        for value in VALUES:
            path = address(route, walker, quoted(value))
            if not is_a_page(unquote(path)):
                # No view sees it: one such address is like the other.
                if value in refused:
                    continue
                refused.add(value)
            walker.walk("get", path, value)
    assert walker.faults == []


def is_a_page(path):
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


@pytest.mark.parametrize("person", ["somebody", "nobody"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_value_in_a_query_or_form_breaks_a_page(walker, method, person):
    place = method.upper()
    paths = {route: address(route, walker) for route in routes()}
    if person == "nobody":
        walker.cookies.clear()
        paths = {route: path for route, path in paths.items() if "accounts/" in path or not route}
    names = {path: walker.names(method, path)[place] for path in paths.values()}
    # Once more, for what is read only where something else was given.
    everything = dict.fromkeys(set().union(*names.values()), "1")
    for route, path in paths.items():
        names[path] |= walker.names(method, path, everything)[place]
        names[path] |= filters_of(route) if method == "get" else set()
    for path, read in names.items():
        read = sorted(read - {"csrfmiddlewaretoken"})
        step = THINNED * (12 if LIBRARIES.match(path) else 3)
        for number in range(0, len(VALUES) if read else 0, step):
            data = {
                name: encodable(VALUES[(number + 7 * index) % len(VALUES)])
                for index, name in enumerate(read)
            }
            walker.walk(method, path, data, data)
        for index, name in enumerate(read):
            worst = () if LIBRARIES.match(path) else WORST[index % THINNED :: THINNED]
            for value in worst:
                walker.walk(method, path, (name, value), {name: value})
            if LIBRARIES.match(path):
                continue
            walker.walk(method, path, (name, "twice"), {name: ["1", "2"]})
            if method == "post":
                file = SimpleUploadedFile("a.txt", b"\0\xff")
                walker.walk(method, path, (name, "a file"), {name: file})
    assert walker.faults == []
    wanted = {
        ("get", "somebody"): {"q", "from", "page", "before", "is_staff__exact"},
        ("post", "somebody"): {"text", "title", "reason", "_selected_action"},
        ("get", "nobody"): {"next"},
        ("post", "nobody"): {"login", "password", "email", "username"},
    }
    assert wanted[method, person] <= set().union(*names.values())


def test_an_action_on_ids_that_no_column_holds_finds_nothing(walker):
    for model in ("person", "price", "budget"):
        for chosen in ("9" * 20, "-" + "9" * 20):
            data = {"action": "delete_selected", "_selected_action": [chosen, "1"]}
            walker.walk("post", f"/admin/conversations/{model}/", data, data)
    assert walker.faults == []


def filters_of(route):
    """The look-ups of a list of the administration: Django reads the whole query at once."""
    for model, registered in admin.site._registry.items():
        if route == f"admin/{model._meta.app_label}/{model._meta.model_name}/":
            return set(registered.listed_lookups())
    return set()


def encodable(value):
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


# The session key of nobody is looked up in the database.
@pytest.mark.parametrize("person", [pytest.param("somebody", marks=pytest.mark.once), "nobody"])
def test_no_value_of_a_cookie_or_header_breaks_a_page(walker, person):
    session = walker.cookies["session"].value if person == "somebody" else ""
    read = {"COOKIES": set(), "headers": set()}
    # Middleware stands before all pages alike: one page of the administration is enough.
    paths = [address(route, walker) for route in routes() if not route.startswith("admin/c")]
    if person == "nobody":
        paths = [path for path in paths if path in ("/", "/usage.csv") or "/accounts/" in path]
    for path in paths:
        for place, names in walker.names("get", path).items():
            if place in read:
                read[place] |= names
    cookies = {*read["COOKIES"], "timezone", "language", "csrf", "messages"} - {"session"}
    headers = {*HEADERS, *read["headers"]} - {"Cookie"}
    for number, value in enumerate(VALUES):
        sent = in_a_header(value)
        crumbs = "; ".join(f"{name}={sent}" for name in sorted(cookies))
        given = {f"HTTP_{name.upper().replace('-', '_')}": sent for name in headers - {"Host"}}
        given["HTTP_COOKIE"] = f"session={session or sent}; {crumbs}"
        part = 3 * THINNED
        for path in paths[number % part :: part]:
            walker.walk("get", path, value, **given)
        # By itself: with a Host that is refused nothing else is looked at.
        given["HTTP_HOST"] = sent
        walker.walk("get", paths[0], value, **given)
        for name in sorted(cookies)[number % THINNED :: THINNED]:
            crumb = f"session={session}; {name}={sent}"
            walker.walk("get", paths[0], (name, value), HTTP_COOKIE=crumb)
    assert walker.faults == []


def in_a_header(value):
    """`value` as servers hand it on: bytes as Latin-1, without what no server lets through."""
    text = value.encode("utf-8", "surrogatepass").decode("latin-1")
    return re.sub(r"[\0\r\n]", "", text)[:8_000]
