"""Scripted identity provider (OpenID Connect): a real HTTP server on loopback, whose tokens a test
can falsify."""

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from functools import partial
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "chat"
SECRET = "the client's secret of at least 32 bytes"
CALLBACK = "/accounts/oidc/login/callback/"


def new_key():
    """Return a new RSA key of 2048 bits for signing tokens."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


# One key for all providers, since making one takes a tenth of a second.
KEY = new_key()


class IdentityProvider:
    """OpenID Connect provider at `url`, which logs in whoever asks, without a password.

    `claims`, `userinfo` and `configuration` are dicts that override what the ID token, the userinfo
    endpoint and the discovery document have by default; `keys` are the signing keys by their id.
    Tests replace the function `twist(claims)` to change the dict of an ID token's claims in place,
    and `sign(claims)`, which returns the token, to send what no provider would. `asked` lists the
    path of each request; while `down` is True each is answered with 503.
    """

    def __init__(self):
        self.claims, self.userinfo, self.configuration = {}, {}, {}
        self.twist = lambda claims: None
        self.sign = self.signed
        self.keys = {"key-1": KEY}
        self.asked, self.codes = [], {}
        self.down = False
        self.raw = b""  # an answer to everything, with `encoding` as its Content-Encoding
        self.encoding = ""
        handler = type("Handler", (Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        # How often, in seconds, the server looks if it is to stop.
        serve = partial(self.server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()

    def stop(self):
        """Stop the server and close its port."""
        self.server.shutdown()
        self.server.server_close()

    def signed(self, claims, key=None, kid="key-1", algorithm="RS256"):
        """Return `claims` as a JSON Web Token, signed with `key` (None: that of "key-1") by
        `algorithm`; `kid` is the key's id in its header."""
        key = self.keys["key-1"] if key is None else key
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})

    def authorize(self, url, sub="s-alice"):
        """Log the subject `sub` in at the authorization URL `url`; return the query of the callback
        that the browser would be redirected to, a dict with `code` and `state`."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe(8)
        self.codes[code] = {"sub": sub, **asked}
        return {"code": code, "state": asked["state"]}

    def token(self, form):
        """Return the dict that the token endpoint answers as JSON to `form` (a dict); None if the
        code, the client's secret or the PKCE verifier is wrong."""
        asked = self.codes.pop(form.get("code"), None)
        if asked is None or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return None
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        access = f"access-{asked['sub']}"
        half = hashlib.sha256(access.encode()).digest()[:16]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": asked["sub"],
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.claims,
        }
        self.twist(claims)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.sign(claims),
        }

    def answer(self, path, form, headers):
        """Return `(status, dict for JSON)` for a request for `path`; `form` has the fields of its
        body, `headers` its headers (both dicts)."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/end",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "id_token_signing_alg_values_supported": ["RS256"],
                **self.configuration,
            }
        if path == "/keys":
            public = [
                {
                    **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
                    "kid": kid,
                    "use": "sig",
                }
                for kid, key in self.keys.items()
            ]
            return 200, {"keys": public}
        if path == "/token":
            token = self.token(form)
            return (200, token) if token else (400, {"error": "invalid_grant"})
        if path == "/userinfo":
            sub = headers.get("Authorization", "").removeprefix("Bearer access-")
            return 200, {
                "sub": sub,
                "preferred_username": sub.removeprefix("s-"),
                "email": f"{sub.removeprefix('s-')}@directory.example",
                "email_verified": True,
                **self.userinfo,
            }
        return 404, {}


class Handler(BaseHTTPRequestHandler):
    """HTTP request handler that records each request and answers what `provider.answer` returns."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        status, body = (
            (503, {}) if self.provider.down else self.provider.answer(path, form, self.headers)
        )
        content = self.provider.raw or json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if self.provider.raw and self.provider.encoding:
            self.send_header("Content-Encoding", self.provider.encoding)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


@pytest.fixture
def directory(db, settings):
    """Return an IdentityProvider that the site's settings name, with which everybody may sign
    up."""
    from django.core.cache import cache

    cache.clear()
    provider = IdentityProvider()
    settings.OIDC_ISSUER = provider.url
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.OIDC_SIGNUP = True
    yield provider
    provider.stop()


def begin(client, path="/accounts/oidc/login/", **form):
    """Begin a login: post `form` to `path` by Django's test `client`. Return the URL at the
    provider to which the page leads; raise AssertionError for a status other than 200."""
    page = client.post(path, form)
    assert page.status_code == 200, page.content.decode()
    return unescape(re.search(r'content="0; url=([^"]+)"', page.content.decode())[1])


def log_in(client, directory, sub="s-alice", path="/accounts/oidc/login/", **form):
    """Log the subject `sub` in by single sign-on with Django's test `client` at the
    IdentityProvider `directory`; return the response to the callback. `path` and `form` are those
    of `begin`."""
    return client.get(CALLBACK, directory.authorize(begin(client, path, **form), sub))


def query_of(url):
    """Return the query of `url` as a dict of texts."""
    return dict(parse_qsl(urlsplit(url).query))
