"""Logging in by single sign-on: whoever the directory says it is, and nobody else."""

import base64
import gzip
import json
import time
import tracemalloc
import zlib
from urllib.parse import quote

import brotli
import jwt
import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import Client

from conversations.models import Person
from tests.conftest import make_person
from tests.support.identity_provider import CALLBACK, SECRET, begin, log_in, new_key, query_of
from tests.test_awkward_values import VALUES, encodable

LOGIN = "/accounts/oidc/login/"


def refused(client, answer, said):
    """Nobody is logged in, and the page says why."""
    assert said in answer.content.decode(), answer.content.decode()
    assert answer.status_code >= 400
    assert not get_user(client).is_authenticated


def test_the_first_login_makes_an_account_and_later_ones_find_it(client, directory):
    answer = log_in(client, directory, next="/account/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")
    person = get_user(client)
    assert (person.username, person.email) == ("alice", "alice@directory.example")
    assert not person.has_usable_password()
    other = Client()
    log_in(other, directory)
    assert get_user(other) == person and Person.objects.count() == 1


def test_a_login_asks_for_token_and_userinfo_and_nothing_else(client, directory):
    log_in(client, directory)
    first = directory.asked[:]
    assert sorted(first) == ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"]
    log_in(Client(), directory)
    assert directory.asked[len(first) :] == ["/token", "/userinfo"]


@pytest.mark.once
def test_the_request_has_pkce_state_and_nonce_and_nothing_of_the_browsers(client, directory):
    url = begin(client, f"{LOGIN}?scope=admin&auth_params=nonce%3Dmine")
    asked = query_of(url)
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert len(asked["nonce"]) == 43 and len(asked["state"]) >= 16
    assert asked["redirect_uri"] == "http://testserver" + CALLBACK


@pytest.mark.once
def test_the_login_page_leads_there_and_says_so(client, directory, settings):
    settings.OIDC_NAME = "Example <Ltd>"
    page = client.get("/accounts/login/?next=/account/").content.decode()
    assert f'action="{LOGIN}"' in page and "Sign in with Example &lt;Ltd&gt;" in page
    assert 'name="login"' in page
    assert f'action="{LOGIN}"' not in client.get("/accounts/login/?local=1").content.decode()
    settings.OIDC_ISSUER = ""
    assert client.post(LOGIN).status_code == 404
    assert client.get(CALLBACK).status_code == 404


# --- Tokens that are not what they should be ------------------------------------------------


def hs256_with_the_public_key(directory, claims):
    """Signed with the published key as if it were a secret."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(directory.keys["key-1"].public_key())
    header = {"alg": "HS256", "typ": "JWT", "kid": "key-1"}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        b".".join(parts), public.encode()
    )
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


SIGNED_WRONGLY = {
    "by another key": lambda directory, claims: directory.signed(claims, key=new_key()),
    "by a key nobody publishes": lambda directory, claims: directory.signed(
        claims, key=new_key(), kid="other"
    ),
    "not at all": lambda directory, claims: jwt.encode(claims, None, algorithm="none"),
    "with the public key as a secret": hs256_with_the_public_key,
    "with the client's secret, unannounced": lambda directory, claims: jwt.encode(
        claims, SECRET, algorithm="HS256"
    ),
    "with a part changed": lambda directory, claims: changed(directory.signed(claims)),
    "no token": lambda directory, claims: "nonsense",
    "null": lambda directory, claims: None,
    "a number": lambda directory, claims: 7,
    "endless": lambda directory, claims: "a." * 100_000,
}


def changed(token):
    """The token with another subject and the old signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["sub"] = "s-mallory"
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return ".".join([head, body, signature])


@pytest.mark.once
@pytest.mark.parametrize("how", SIGNED_WRONGLY)
def test_a_forged_token_is_refused(client, directory, how):
    directory.sign = lambda claims: SIGNED_WRONGLY[how](directory, claims)
    refused(client, log_in(client, directory), "could not be verified")
    assert not Person.objects.exists()


WRONG = {
    "expired": {"exp": 1_000_000_000},
    "without an end": {"exp": None},
    "of the future": {"iat": 9_000_000_000, "nbf": 9_000_000_000},
    "another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "other"},
    "for several, made for another": {"aud": ["chat", "other"], "azp": "other"},
    "for several, unsaid for which": {"aud": ["chat", "other"]},
    "another nonce": {"nonce": "of-another-login"},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "no subject": {"sub": None},
    "an empty subject": {"sub": " "},
    "a subject that is no text": {"sub": 7},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "another subject than userinfo": {"sub": "s-mallory"},
}


@pytest.mark.once
@pytest.mark.parametrize("what", WRONG)
def test_a_token_with_a_wrong_claim_is_refused(client, directory, what):
    def twist(claims):
        claims.update(WRONG[what])
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    directory.twist = twist
    refused(client, log_in(client, directory), "could not be verified")
    assert not Person.objects.exists()


@pytest.mark.once
def test_userinfo_of_somebody_else_is_refused(client, directory):
    directory.userinfo = {"sub": "s-administrator"}
    refused(client, log_in(client, directory), "could not be verified")


@pytest.mark.once
def test_a_token_of_an_earlier_login_is_refused(client, directory):
    tokens = []
    directory.sign = lambda claims: tokens.append(directory.signed(claims)) or tokens[0]
    assert log_in(client, directory).status_code == 302
    thief = Client()
    refused(thief, log_in(thief, directory), "could not be verified")


@pytest.mark.once
def test_a_redirect_works_once_and_only_in_the_browser_that_began(client, directory):
    answer = directory.authorize(begin(client))
    thief = Client()
    refused(thief, thief.get(CALLBACK, answer), "not begun in this browser")
    assert client.get(CALLBACK, answer).status_code == 302
    client.logout()
    refused(client, client.get(CALLBACK, answer), "not begun in this browser")


@pytest.mark.once
@pytest.mark.parametrize("state", ["", "other", "\0", "x" * 9_000])
def test_a_changed_state_is_refused(client, directory, state):
    answer = {**directory.authorize(begin(client)), "state": state}
    refused(client, client.get(CALLBACK, answer), "not begun in this browser")


@pytest.mark.once
def test_a_login_that_takes_over_ten_minutes_is_refused(client, directory):
    answer = directory.authorize(begin(client))
    with time_machine.travel(time.time() + 700):
        refused(client, client.get(CALLBACK, answer), "ten minutes")


@pytest.mark.once
def test_a_code_of_another_login_is_refused(client, directory):
    """The code is bound to the browser by PKCE."""
    stolen = directory.authorize(begin(Client()), "s-victim")["code"]
    mine = directory.authorize(begin(client))
    refused(client, client.get(CALLBACK, {**mine, "code": stolen}), "could not be verified")


@pytest.mark.once
def test_an_answer_of_another_provider_is_refused(client, directory):
    answer = directory.authorize(begin(client))
    answer["iss"] = "https://evil.example"
    refused(client, client.get(CALLBACK, answer), "could not be verified")


@pytest.mark.once
@pytest.mark.parametrize(
    ("error", "said"), [("access_denied", "was cancelled"), ("<b>no</b>", "refused the sign-in")]
)
def test_a_refusal_of_the_provider_is_a_sentence(client, directory, error, said):
    state = query_of(begin(client))["state"]
    refused(client, client.get(CALLBACK, {"error": error, "state": state}), said)


@pytest.mark.once
@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_link_that_leads_elsewhere_afterwards_is_refused(client, directory, there):
    answer = client.post(LOGIN, {"next": there})
    refused(client, answer, "would lead to another site")
    assert directory.asked == []


# --- The provider itself --------------------------------------------------------------------


def test_a_provider_that_is_down_is_a_sentence_and_local_login_works(client, directory, alice):
    directory.down = True
    refused(client, client.post(LOGIN), "does not answer as it should")
    client.post("/accounts/login/", {"login": "alice", "password": "correct horse"})
    assert get_user(client) == alice


@pytest.mark.once
@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"issuer": "' + b"x" * 1_100_000 + b'"}'])
def test_an_answer_that_is_too_deep_or_too_long_is_a_sentence(client, directory, raw):
    answer = directory.authorize(begin(client))
    directory.raw = raw
    refused(client, client.get(CALLBACK, answer), "Not signed in")
    cache.clear()
    refused(client, client.post(LOGIN), "does not answer as it should")


@pytest.mark.once
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_an_answer_that_becomes_large_is_not_unpacked(client, directory, encoding):
    packers = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}
    answer = directory.authorize(begin(client))
    directory.raw, directory.encoding = packers[encoding](b" " * 50_000_000), encoding
    tracemalloc.start()
    refused(client, client.get(CALLBACK, answer), "Not signed in")
    cache.clear()
    refused(client, client.post(LOGIN), "does not answer as it should")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # It was all of it: the token's answer had no limit.
    assert most < 20_000_000


@pytest.mark.once
def test_a_provider_that_fails_in_between_is_a_sentence(client, directory):
    answer = directory.authorize(begin(client))
    directory.down = True
    refused(client, client.get(CALLBACK, answer), "Not signed in")


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": 7},
    ],
)
def test_a_configuration_that_is_not_the_providers_is_refused(client, directory, wrong):
    directory.configuration = wrong
    refused(client, client.post(LOGIN), "does not answer as it should")


@pytest.mark.once
def test_a_key_that_is_new_is_fetched_but_not_for_every_forged_token(client, directory):
    log_in(client, directory)
    directory.keys = {"key-2": new_key()}
    directory.sign = lambda claims: directory.signed(claims, directory.keys["key-2"], "key-2")
    assert log_in(Client(), directory).status_code == 302
    directory.sign = lambda claims: directory.signed(claims, new_key(), "made-up")
    for _time in range(3):
        log_in(Client(), directory)
    assert directory.asked.count("/keys") == 2


@pytest.mark.once
def test_a_provider_that_signs_with_the_secret_says_so(client, directory):
    directory.configuration = {"id_token_signing_alg_values_supported": ["HS256"]}
    directory.sign = lambda claims: jwt.encode(claims, SECRET, algorithm="HS256")
    assert log_in(client, directory).status_code == 302


@pytest.mark.once
def test_a_provider_without_userinfo_will_do(client, directory):
    directory.configuration = {"userinfo_endpoint": None}
    directory.claims = {"preferred_username": "alice"}
    log_in(client, directory)
    assert get_user(client).username == "alice"


# --- Whose account --------------------------------------------------------------------------


def test_an_account_is_never_found_by_its_name_or_address(client, directory, alice):
    directory.userinfo = {"email": "alice@example.org", "name": "Alice Lindqvist"}
    log_in(client, directory)
    person = get_user(client)
    assert person != alice
    # Its name gets a suffix, and an address is one account's only.
    assert (person.username, person.email) == ("alice-2", "")
    assert not EmailAddress.objects.filter(email="alice@example.org").exists()
    log_in(client, directory)
    assert get_user(client) == person and Person.objects.count() == 2


@pytest.mark.once
@pytest.mark.parametrize("name", ["ALICE", "аlice", "a1ice", "alice "])
def test_a_name_that_looks_like_anothers_gets_a_suffix(client, directory, alice, name):
    directory.userinfo = {"preferred_username": name}
    log_in(client, directory)
    assert get_user(client).username == f"{name.strip()}-2"


def test_where_the_operator_vouches_an_account_is_found_by_its_address(
    client, directory, alice, settings
):
    settings.OIDC_TRUST_EMAIL = True
    directory.userinfo = {"email": "ALICE@example.org"}
    # Whoever set the password, or a second factor, may be somebody else.
    earlier = Client()
    earlier.force_login(alice)
    TOTP.activate(alice, generate_totp_secret())
    log_in(client, directory)
    assert get_user(client) == alice
    assert not Person.objects.get(pk=alice.pk).has_usable_password()
    assert not Authenticator.objects.exists()
    assert not get_user(earlier).is_authenticated


@pytest.mark.once
def test_no_address_finds_somebody_who_sees_what_is_others(client, directory, reviewer, settings):
    settings.OIDC_TRUST_EMAIL = True
    directory.userinfo = {"email": reviewer.email}
    log_in(client, directory)
    assert get_user(client).is_authenticated and get_user(client) != reviewer


@pytest.mark.once
def test_an_unverified_address_finds_nobody(client, directory, alice, settings):
    settings.OIDC_TRUST_EMAIL = True
    directory.userinfo = {"email": "alice@example.org", "email_verified": False}
    log_in(client, directory)
    assert get_user(client) != alice


@pytest.mark.once
def test_no_address_finds_an_administrator(client, directory, administrator, settings):
    settings.OIDC_TRUST_EMAIL = True
    directory.userinfo = {"email": administrator.email}
    log_in(client, directory)
    assert get_user(client) != administrator
    administrator.refresh_from_db()
    assert administrator.has_usable_password()


@pytest.mark.once
def test_the_same_subject_of_another_issuer_is_somebody_else(client, directory):
    person = make_person("carol")
    SocialAccount.objects.create(user=person, provider="https://old.example", uid="s-alice")
    log_in(client, directory)
    assert get_user(client) != person


def test_name_and_address_follow_the_directory(client, directory):
    log_in(client, directory)
    person = get_user(client)
    directory.userinfo = {
        "preferred_username": "alina",
        "given_name": "Alina\u202e",
        "family_name": "L" * 200,
        "email": "alina@directory.example",
    }
    log_in(client, directory)
    person.refresh_from_db()
    assert (person.username, person.first_name) == ("alina", "Alina")
    assert person.last_name == "L" * 150
    assert list(EmailAddress.objects.values_list("email", "verified")) == [
        ("alina@directory.example", True)
    ]
    directory.userinfo = {"preferred_username": None, "email": "no address", "name": 7}
    log_in(client, directory)
    person.refresh_from_db()
    assert person.email == "alina@directory.example"


@pytest.mark.once
def test_a_person_without_a_usable_name_gets_one(client, directory):
    directory.userinfo = {"preferred_username": "../ <b>\0", "email": ""}
    log_in(client, directory)
    assert get_user(client).username == "b"


# --- Who may come in ------------------------------------------------------------------------


def test_sign_up_can_be_closed(client, directory, settings):
    settings.OIDC_SIGNUP = False
    refused(client, log_in(client, directory), "no account for you here yet")
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("userinfo", "comes_in"),
    [
        ({"email": "alice@example.org"}, True),
        ({"email": "alice@EXAMPLE.org"}, True),
        ({"email": "alice@example.org", "email_verified": False}, False),
        ({"email": "alice@example.org.evil.example"}, False),
        ({"email": "alice@evil.example"}, False),
        ({"email": None}, False),
    ],
)
def test_domains_can_be_limited(client, directory, settings, userinfo, comes_in):
    settings.OIDC_ALLOWED_DOMAINS = ["example.org"]
    directory.userinfo = userinfo
    log_in(client, directory)
    assert get_user(client).is_authenticated == comes_in


@pytest.mark.parametrize(
    ("claim", "claims", "comes_in"),
    [
        ("groups=chat", {"groups": ["staff", "chat"]}, True),
        ("groups=chat", {"groups": ["chatters"]}, False),
        ("groups=chat", {}, False),
        ("realm_access.roles=chat", {"realm_access": {"roles": ["chat"]}}, True),
        ("hd=example.org", {"hd": "example.org"}, True),
        ("https://x.example/may=true", {"https://x.example/may": True}, True),
        ("may=true", {"may": False}, False),
    ],
)
def test_a_claim_can_be_required(client, directory, settings, claim, claims, comes_in):
    settings.OIDC_REQUIRED_CLAIM = claim
    directory.claims = claims
    answer = log_in(client, directory)
    assert get_user(client).is_authenticated == comes_in
    assert comes_in or "has not given you access" in answer.content.decode()


@pytest.mark.once
def test_whoever_lost_access_there_loses_it_here(client, directory, settings):
    settings.OIDC_REQUIRED_CLAIM = "groups=chat"
    directory.claims = {"groups": ["chat"]}
    log_in(client, directory)
    client.logout()
    directory.claims = {"groups": []}
    refused(client, log_in(client, directory), "has not given you access")


@pytest.mark.once
def test_a_deactivated_person_stays_out(client, directory):
    log_in(client, directory)
    Person.objects.update(is_active=False)
    client.logout()
    log_in(client, directory)
    assert not get_user(client).is_authenticated


# --- Passwords beside it --------------------------------------------------------------------


@pytest.mark.once
def test_an_account_of_the_directory_takes_no_password(client, directory, mailoutbox):
    log_in(client, directory)
    person = get_user(client)
    client.post(
        "/accounts/password/set/", {"password1": "a fine phrase", "password2": "a fine phrase"}
    )
    assert not Person.objects.get(pk=person.pk).has_usable_password()
    client.logout()
    client.post("/accounts/password/reset/", {"email": person.email})
    assert not any("/password/reset/key/" in mail.body for mail in mailoutbox)
    person.set_password("correct horse")
    person.save()
    form = {"login": "alice", "password": "correct horse"}
    answer = client.post("/accounts/login/", form, follow=True)
    assert "not with a password" in answer.content.decode()
    assert not get_user(client).is_authenticated


def test_passwords_can_be_left_to_administrators(client, directory, settings, alice, administrator):
    settings.PASSWORD_LOGIN = False
    assert 'name="login"' not in client.get("/accounts/login/").content.decode()
    assert 'name="login"' in client.get("/accounts/login/?local=1").content.decode()
    client.post("/accounts/login/", {"login": "alice", "password": "correct horse"})
    assert not get_user(client).is_authenticated
    client.post("/accounts/login/", {"login": "administrator", "password": "correct horse"})
    assert get_user(client) == administrator


@pytest.mark.once
def test_a_wrong_password_tells_nobody_how_an_account_signs_in(client, directory, settings, alice):
    settings.PASSWORD_LOGIN = False
    page = client.post("/accounts/login/", {"login": "alice", "password": "wrong"}).content.decode()
    assert "password you specified are not correct" in page and "not with a password" not in page


# --- Sessions -------------------------------------------------------------------------------


def test_such_a_session_ends_after_eight_hours_however_used(client, directory):
    log_in(client, directory)
    start = time.time()
    for hours, inside in ((4, True), (7.9, True), (8.1, False)):
        with time_machine.travel(start + hours * 3_600):
            assert (client.get("/account/").status_code == 200) == inside


def test_logging_out_ends_the_session_there_too(client, directory):
    log_in(client, directory)
    answer = client.post("/accounts/logout/")
    page = answer.content.decode()
    assert f"url={directory.url}/end?id_token_hint=" in page
    assert "post_logout_redirect_uri=http%3A%2F%2Ftestserver%2Faccounts%2Flogin%2F" in page
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not get_user(client).is_authenticated


@pytest.mark.once
def test_logging_out_of_a_local_session_ends_nothing_there(client, directory, alice):
    client.force_login(alice)
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"


@pytest.mark.once
def test_logging_out_works_while_the_provider_is_down(client, directory):
    log_in(client, directory)
    cache.clear()
    directory.down = True
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert not get_user(client).is_authenticated


# --- Connecting an account, and confirming who one is ---------------------------------------


def test_a_local_account_is_connected_by_its_owner(client, directory, alice):
    client.post("/accounts/login/", {"login": "alice", "password": "correct horse"})
    log_in(client, directory, "s-al", process="connect")
    assert get_user(client) == alice
    other = Client()
    log_in(other, directory, "s-al")
    assert get_user(other) == alice


@pytest.mark.once
def test_sessions_of_a_password_end_when_the_account_is_connected(client, directory, alice, bob):
    elsewhere, others = Client(), Client()
    elsewhere.force_login(alice)
    others.force_login(bob)
    client.force_login(alice)
    log_in(client, directory, process="connect")
    assert get_user(client) == alice
    assert not get_user(elsewhere).is_authenticated and get_user(others) == bob


@pytest.mark.once
def test_a_subject_is_connected_with_one_account_only(client, directory, bob):
    log_in(Client(), directory, "s-alice")
    client.post("/accounts/login/", {"login": "bob", "password": "correct horse"})
    answer = log_in(client, directory, "s-alice", process="connect")
    assert "Nothing was changed" in answer.content.decode()
    assert get_user(client) == bob and SocialAccount.objects.get().user != bob


@pytest.mark.once
def test_strangers_connect_nothing(client, directory):
    assert client.post(LOGIN, {"process": "connect"}).status_code == 404


def test_people_without_a_password_confirm_at_the_provider(client, directory):
    log_in(client, directory, "s-boss")
    boss = get_user(client)
    Person.objects.filter(pk=boss.pk).update(is_staff=True, is_superuser=True)
    path = "/admin/conversations/person/add/"
    with time_machine.travel(time.time() + 2_000):
        asks = client.get(path).headers["Location"]
        assert asks == f"/accounts/oidc/again/?next={quote(path, safe='')}"
        url = begin(client, "/accounts/oidc/again/", next=path)
        assert (query_of(url)["prompt"], query_of(url)["max_age"]) == ("login", "0")
        answer = client.get(CALLBACK, directory.authorize(url, "s-boss"))
        assert answer.headers["Location"] == path
        assert client.get(path).status_code == 200


@pytest.mark.once
def test_an_old_login_there_confirms_nothing(client, directory):
    log_in(client, directory)
    directory.claims = {"auth_time": int(time.time()) - 3_600}
    answer = log_in(client, directory, path="/accounts/oidc/again/")
    assert "did not ask you anew" in answer.content.decode()


@pytest.mark.once
def test_somebody_else_confirms_nothing(client, directory):
    log_in(client, directory)
    answer = log_in(client, directory, "s-bob", path="/accounts/oidc/again/")
    assert "as somebody else" in answer.content.decode()
    assert get_user(client).username == "alice"


@pytest.mark.once
def test_strangers_confirm_nothing(client, directory, alice):
    answer = client.get("/accounts/oidc/again/?next=/account/")
    assert answer.headers["Location"].startswith("/accounts/login/")


@pytest.mark.once
def test_no_value_that_comes_back_breaks_the_page(client, directory):
    for value in VALUES:
        text = encodable(value)
        state = query_of(begin(client))["state"]
        answer = client.get(CALLBACK, {"state": state, "code": text})
        assert 400 <= answer.status_code < 500, value
        for name in ("state", "error", "iss"):
            answer = client.get(CALLBACK, {name: text})
            assert 400 <= answer.status_code < 500, (name, value)


@pytest.mark.once
@pytest.mark.parametrize(
    "value", [None, 7, True, [], {}, ["a", 7, None], "a" * 100_000, "\0\ud800"]
)
def test_no_claim_breaks_a_login(client, directory, value):
    names = ("preferred_username", "name", "given_name", "family_name", "email")
    directory.userinfo = dict.fromkeys((*names, "email_verified", "groups", "_claim_names"), value)
    answer = log_in(client, directory)
    assert answer.status_code == 302 and get_user(client).is_authenticated
    assert client.get("/account/").status_code == 200
