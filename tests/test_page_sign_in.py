"""Signing in at a real browser: through a provider that is not ours, and by a passkey."""

import json
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from conversations.models import Person
from tests.support.polling import until
from tests.support.server import free_port

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(tmp_path):
    """An OpenID Connect provider by somebody else, a process of its own, that knows one person."""
    port = free_port()
    claims = {
        "sub": "s-alice",
        "preferred_username": "alice",
        "name": "Alice Lindqvist",
        "email": "alice@directory.example",
        "email_verified": True,
    }
    command = (sys.executable, "-m", "oidc_provider_mock", "--port", str(port))
    with open(tmp_path / "provider.log", "w") as log:
        process = subprocess.Popen(
            [*command, "--user-claims", json.dumps(claims)], stdout=log, stderr=log
        )
    url = f"http://localhost:{port}"
    until(lambda: answers(url), seconds=60)
    yield url
    process.terminate()
    process.wait(10)


def answers(url):
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").status_code == 200
    except httpx.TransportError:
        return False


def test_a_login_through_an_independent_provider_and_the_log_out(make_server, surf, provider):
    server = make_server(
        OIDC_ISSUER=provider,
        OIDC_CLIENT_ID="chat",
        OIDC_CLIENT_SECRET="a secret of this site",
        OIDC_NAME="Example Ltd",
        OIDC_SIGNUP="open",
    )
    for script in (True, False):
        page = surf(server, path="/accounts/login/?next=/account/", java_script_enabled=script)
        page.get_by_role("button", name="Sign in with Example Ltd").click()
        page.wait_for_url(f"{provider}/**")
        page.get_by_role("button", name="s-alice").first.click()
        page.wait_for_url(f"{server.url}/account/")
        expect(page.get_by_text("alice@directory.example")).to_be_visible()
        assert Person.objects.get().display_name == "Alice Lindqvist"
        page.goto("/accounts/logout/")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{provider}/**")
        page.goto(f"{server.url}/account/")
        assert urlsplit(page.url).path == "/accounts/login/"


def test_a_passkey_is_added_and_signs_in(surf, server, alice, settings):
    # As the server checks it; tests of one process have a quicker hash.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    alice.set_password("correct horse")
    alice.save()
    # Keys belong to a name, not to an address.
    home = server.url.replace("127.0.0.1", "localhost")
    page = surf(server, path=f"{home}/accounts/login/")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.get_by_label("Username or e-mail").fill("alice")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{home}/")
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("without a password").check()
    page.get_by_role("button", name="Add the key").click()
    page.wait_for_url(f"{home}/accounts/2fa/recovery-codes/")
    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/?next=/account/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{home}/account/sessions/")
    expect(page.get_by_text("this one")).to_be_visible()
    # As the second factor after a password.
    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.get_by_label("Username or e-mail").fill("alice")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{home}/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Use a security key").click()
    page.get_by_role("button", name="Do not remember").click()
    page.wait_for_url(f"{home}/")
