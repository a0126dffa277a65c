"""Every address of the site, asked for by everybody: what is alice's is open to alice alone.

One line for each address. An address without a line fails the test, so that nobody forgets to say
who may come in; and whatever a line says, no answer to anybody else holds alice's words.
"""

import copy
import hashlib
import re
import uuid

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import get_resolver

from conversations.files import storage
from conversations.models import (
    Attachment,
    Conversation,
    Job,
    Person,
    QueuedMessage,
    ReviewAccess,
    Scope,
    StoredFile,
)
from tests.conftest import make_person
from tests.support.review_stage import ANSWER, OTHER, QUESTION, TITLE, converse, opened

pytestmark = pytest.mark.once

ROLES = ("anonymous", "alice", "bob", "reviewer", "stranger", "staff", "superuser")
# What may not be in an answer to anybody but alice.
WAITING = "what is to be sent later"
FILE = "what a file of alice says"
FILE_NAME = "alice-and-her-plan"
WORDS = (TITLE, QUESTION, ANSWER, OTHER, WAITING, "<strong>answer</strong>", FILE, FILE_NAME)

OPEN = "open to all"
MINE = "everybody's own page"  # logged in; about nobody else
IF_ANY = "everybody's own page, where there is something to show"
OWN = "alice's only"  # to others it is not there
DOOR = "for reviewers with alice in their scope"
QUEUE = "for reviewers"
LOG = "for who may read the access log"
USAGE = "for who may see everybody's usage"
ADMIN = "for staff with the model's permissions"
STAFF = "for all staff"
STREAM = "tested at a real server"

C, M, R = "<uuid:conversation_id>", "<uuid:message_id>", "<uuid:response_id>"
F = "<uuid:file_id>"
J = "<uuid:job_id>"
K, T = "<int:pk>", "<str:token>"
LINES = {
    "": MINE,
    "setup/": OPEN,
    "account/": MINE,
    "robots.txt": OPEN,
    "search/": MINE,
    "shortcuts/": MINE,
    "sidebar/": MINE,
    "archive/": MINE,
    "pinned/": MINE,
    "trash/": MINE,
    "trash/empty/": MINE,
    "data/": MINE,
    "data/export.zip": MINE,
    f"jobs/{J}/": OWN,
    f"jobs/{J}/cancel/": OWN,
    "conversations/": MINE,
    f"conversations/{C}/": OWN,
    f"conversations/{C}/queued/": OWN,
    f"messages/{M}/feedback/": OWN,
    f"conversations/{C}/manage/": OWN,
    f"conversations/{C}/rename/": OWN,
    f"conversations/{C}/pin/": OWN,
    f"conversations/{C}/archive/": OWN,
    f"conversations/{C}/trash/": OWN,
    f"conversations/{C}/restore/": OWN,
    f"conversations/{C}/erase/": OWN,
    f"conversations/{C}/seen/": OWN,
    f"conversations/{C}/export.md": OWN,
    f"conversations/{C}/export.json": OWN,
    "files/": MINE,
    f"files/{F}/": OWN,
    f"files/{F}/small/": OWN,
    f"files/{F}/text/": OWN,
    f"files/{F}/remove/": OWN,
    f"messages/{M}/text/": OWN,
    f"messages/{M}/edit/": OWN,
    f"messages/{M}/retry/": OWN,
    f"messages/{M}/approval/": OWN,
    f"messages/{M}/continue/": OWN,
    f"responses/{R}/events/": STREAM,
    f"responses/{R}/status/": OWN,
    f"responses/{R}/stop/": OWN,
    "usage/": MINE,
    "usage.csv": MINE,
    "usage/costs/": USAGE,
    "usage/costs.csv": USAGE,
    "usage/people/": USAGE,
    "usage/people.csv": USAGE,
    "usage/people/<str:username>/": USAGE,
    "usage/people/<str:username>.csv": USAGE,
    "review/": QUEUE,
    "review/export/": QUEUE,
    "review/log/": LOG,
    "review/log.csv": LOG,
    f"review/{C}/": DOOR,
    f"review/{C}/export/": DOOR,
    f"review/{C}/flag/": DOOR,
    f"review/{C}/note/": DOOR,
    f"review/{C}/reviewed/": DOOR,
    f"review/{C}/files/{F}/": DOOR,
    f"review/{C}/files/{F}/text/": DOOR,
    f"review/{C}/next/": DOOR,
    f"review/{C}/responses/{R}/input/": DOOR,
    "accounts/login/": OPEN,
    "accounts/logout/": OPEN,
    "accounts/inactive/": OPEN,
    "accounts/signup/": OPEN,
    "account/sessions/": MINE,
    # 404 without a provider; with one, tests/test_single_sign_on.py.
    "accounts/oidc/login/": OPEN,
    "accounts/oidc/login/callback/": OPEN,
    "accounts/oidc/again/": OPEN,
    f"accounts/invitation/{T}/": OPEN,
    "accounts/2fa/": MINE,
    "accounts/2fa/authenticate/": OPEN,
    "accounts/2fa/reauthenticate/": MINE,
    "accounts/2fa/trust/": OPEN,
    "accounts/2fa/totp/activate/": MINE,
    "accounts/2fa/totp/deactivate/": IF_ANY,
    "accounts/2fa/recovery-codes/": IF_ANY,
    "accounts/2fa/recovery-codes/generate/": IF_ANY,
    "accounts/2fa/recovery-codes/download/": IF_ANY,
    "accounts/2fa/webauthn/": MINE,
    "accounts/2fa/webauthn/add/": MINE,
    "accounts/2fa/webauthn/reauthenticate/": MINE,
    f"accounts/2fa/webauthn/keys/{K}/remove/": IF_ANY,
    f"accounts/2fa/webauthn/keys/{K}/edit/": IF_ANY,
    "accounts/2fa/webauthn/login/": OPEN,
    "accounts/reauthenticate/": MINE,
    "accounts/email/": MINE,
    "accounts/confirm-email/": OPEN,
    "accounts/password/change/": MINE,
    "accounts/password/set/": MINE,
    "accounts/password/reset/": OPEN,
    "accounts/login/code/confirm/": OPEN,
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": OPEN,
    "accounts/password/reset/key/done/": OPEN,
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": OPEN,
    "accounts/password/reset/done/": OPEN,
    "admin/": STAFF,
    "admin/settings/": STAFF,
    "admin/setup/": STAFF,
    "admin/setup/<str:name>/": ADMIN,
    "admin/login/": OPEN,
    "admin/logout/": OPEN,
    "admin/password_change/": STAFF,
    "admin/password_change/done/": STAFF,
    "admin/autocomplete/": ADMIN,
    "admin/jsi18n/": STAFF,
    "^admin/r/": OPEN,
    "admin/r/<path:content_type_id>/<path:object_id>/": OPEN,  # hidden behind the one above
    "admin/conversations/person/<id>/password/": ADMIN,
    "admin/conversations/person/<int:person_id>/erase/": ADMIN,
    "admin/conversations/invitation/file/": ADMIN,
    "admin/^(?P<app_label>conversations|auth)/$": ADMIN,
    "admin/(?P<url>.*)$": STAFF,
}
# Each has the pages of Django's ModelAdmin.
ADMINISTERED = (
    "auth/group",
    "conversations/budget",
    "conversations/budgetchange",
    "conversations/directorygroup",
    "conversations/erasure",
    "conversations/hold",
    "conversations/invitation",
    "conversations/job",
    "conversations/languagemodel",
    "conversations/outgoingmail",
    "conversations/person",
    "conversations/price",
    "conversations/retentionrule",
    "conversations/scope",
    "conversations/serverprocess",
    "conversations/temporarypolicy",
    "conversations/toolprice",
    "conversations/usagescope",
)
PAGES = (
    "",
    "add/",
    *(f"<path:object_id>/{page}" for page in ("history/", "delete/", "change/", "")),
)
LINES |= {f"admin/{model}/{page}": ADMIN for model in ADMINISTERED for page in PAGES}


@pytest.fixture
def cast(alice, bob, reviewer, administrator):
    """Everybody, and a conversation of alice's. Returns people by role, and the conversation."""
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    Scope.objects.create(reviewer=reviewer, group=team)
    stranger = make_person("rolf")
    stranger.groups.set(reviewer.groups.all())
    Scope.objects.create(reviewer=stranger, group=Group.objects.create(name="Others"))
    staff = make_person("steve", is_staff=True)
    conversation = converse(alice)
    QueuedMessage.objects.create(
        conversation=conversation, text=WAITING, submission=uuid.uuid4(), model="m-1"
    )
    Job.objects.create(owner=alice, kind=Job.Kind.EMPTY_TRASH)
    asked = conversation.messages.filter(role="user").first()
    add_file(alice, conversation, asked, "text/plain")
    add_file(alice, conversation, asked, "image/png", width=4, height=4)
    add_file(alice, conversation, None, "text/plain")
    people = (None, alice, bob, reviewer, stranger, staff, administrator)
    return dict(zip(ROLES, people, strict=True)), conversation


def add_file(owner, conversation, message, media_type, **fields):
    """A file of `owner` with bytes, in `message` or not sent yet (None)."""
    content = FILE.encode()
    digest = hashlib.sha256(content).hexdigest()
    stored = StoredFile.objects.create(
        owner_id=owner.pk, sha256=digest, size=len(content), small=len(content)
    )
    for name in (stored.name, stored.small_name):
        storage.write(name, content)
    return Attachment.objects.create(
        owner=owner,
        conversation=conversation,
        message=message,
        stored=stored,
        name=FILE_NAME,
        media_type=media_type,
        size=len(content),
        sha256=digest,
        text=FILE,
        characters=len(FILE),
        **fields,
    )


def file_ids(files):
    """What stands in routes for files: which one is asked for depends on what of it is."""
    text, picture, unsent = files
    return {
        f"files/{F}/small/": f"files/{picture}/small/",
        f"files/{F}/remove/": f"files/{unsent}/remove/",
        F: text,
    }


def routes(patterns=None, prefix=""):
    """Every address the site knows, as its patterns are written."""
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def ids_of(conversation):
    """What stands in routes for alice's things, by how it is written there."""
    message = conversation.messages.get(role="assistant", text=ANSWER)
    job = Job.objects.get(owner=conversation.owner)
    files = conversation.attachments.order_by("created_at").values_list("pk", flat=True)
    return file_ids(files) | {
        C: conversation.pk,
        J: job.pk,
        M: message.pk,
        R: message.response.pk,
        "<path:object_id>": conversation.owner_id,
        "<id>": conversation.owner_id,
        "<int:person_id>": conversation.owner_id,
        "<str:username>": conversation.owner.username,
        "<str:name>": "gateway",
        T: "no-token",
        K: 1,
        "(?P<app_label>conversations|auth)/$": "conversations/",
        "(?P<key>[-:\\w]+)/$": "some-key/",
        "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "1-key/",
        "(?P<url>.*)$": "no/such/page/",
    }


def address(route, ids):
    """The route's address for what `ids` names."""
    for written, value in ids.items():
        route = route.replace(written, str(value))
    return "/" + route.replace("^", "")


def ask(client, method, path):
    """The answer to who is logged in at `client`; what it changed is undone, the logout too."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer = getattr(client, method)(path)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def seen(answer):
    """What an answer shows, without what differs from one request to the next."""
    if answer.streaming and not answer.headers["Content-Type"].startswith("application/zip"):
        text = b"".join(answer.streaming_content).decode()
    else:
        text = "" if answer.streaming else answer.content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    return answer.status_code, text.replace(answer.headers["X-Request-Id"], "")


def is_login(answer):
    return answer.status_code == 302 and "/login/" in answer.url


def test_every_address_has_a_line_and_every_line_an_address():
    assert set(routes()) == set(LINES)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", ROLES)
def test_the_matrix_holds(client, cast, role, method):
    people, conversation = cast
    if people[role] is not None:
        client.force_login(people[role])
    ids = ids_of(conversation)
    others = ids | {written: uuid.uuid4() for written in (C, M, R)}
    others |= file_ids([uuid.uuid4() for _ in range(3)])
    faults = []
    for route, line in LINES.items():
        if line == STREAM:
            continue
        path = address(route, ids)
        answer = ask(client, method, path)
        fault = find_fault(role, line, answer)
        if not fault and line in (OWN, DOOR) and answer.status_code in (404, 405):
            missing = ask(client, method, address(route, others))
            if seen(answer) != seen(missing):
                fault = "differs from what is not there"
        shown = seen(answer)[1]
        if role != "alice" and any(word in shown for word in WORDS):
            fault = "shows alice's words"
        if fault:
            faults.append(f"{method} {path} {answer.status_code}: {fault} ({line})")
    assert faults == []


def find_fault(role, line, answer):
    """What is wrong with this answer to `role` by that line; "" for nothing."""
    status = answer.status_code
    shut = status in (404, 405)
    anonymous, staff = role == "anonymous", role in ("staff", "superuser")
    if status >= 500:
        return "broken"
    if line == OPEN:
        return ""
    if line in (STAFF, ADMIN):
        if not staff:
            return "" if is_login(answer) else "open to people who are not staff"
        if line == ADMIN and role == "staff":
            return "" if status in (302, 403, 404, 405) else "open to staff without permissions"
        return "" if status in (200, 302, 403, 404, 405) else "shut to staff"
    if anonymous:
        return "" if is_login(answer) or status == 405 else "open to strangers"
    if line == IF_ANY:
        return ""
    if line == MINE:
        return "" if not status == 404 else "shut to its owner"
    allowed = {
        OWN: role == "alice",
        DOOR: role == "reviewer",
        QUEUE: role in ("reviewer", "stranger"),
        LOG: role == "superuser",
        USAGE: role == "superuser",
    }[line]
    if allowed:
        return "shut to who may come in" if status == 404 else ""
    return "" if shut else "open to who may not come in"


def test_the_words_are_there_for_alice_and_for_a_reviewer_with_a_reason(client, cast):
    people, conversation = cast
    client.force_login(people["alice"])
    own = client.get(f"/conversations/{conversation.pk}/")
    assert QUESTION in seen(own)[1] and TITLE in seen(own)[1]
    client.force_login(people["reviewer"])
    page, _path = opened(client, conversation)
    assert QUESTION in seen(page)[1]


def test_a_reason_opens_nothing_for_the_others(client, cast):
    people, conversation = cast
    for role in ("alice", "bob", "stranger", "staff", "superuser"):
        client.force_login(people[role])
        given = {"reason": "legal", "explanation": "I want to.", "remember": "on"}
        answer = client.post(f"/review/{conversation.pk}/", given)
        assert answer.status_code == 404
    assert not ReviewAccess.objects.filter(action="opened").exists()


def test_the_stream_is_the_owners(server, visit, transactional_db):
    alice = make_person("alice")
    call = visit(server, alice).ask("Hello")
    path = f"/responses/{call.pk}/events/"
    assert visit(server).get(path).status_code == 401
    group = Group.objects.get(name="Reviewers")
    others = {
        "bob": {},
        "steve": {"is_staff": True},
        "administrator": {"is_staff": True, "is_superuser": True},
        "ruth": {},
    }
    for name, fields in others.items():
        person = make_person(name, **fields)
        if name == "ruth":
            Person.groups.through.objects.create(person=person, group=group)
        answer = visit(server, person).get(path)
        missing = visit(server, person).get(f"/responses/{uuid.uuid4()}/events/")
        assert answer.status_code == missing.status_code == 404
    assert Conversation.objects.count() == 1
    with visit(server, alice).events(call.pk) as stream:
        assert stream.answer.status_code == 200
