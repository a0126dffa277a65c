"""Claims: what an identity provider says about a person, in the ID token and in its userinfo."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.single_sign_on.refusal import SignInRefused

MISSING = object()


@dataclass(frozen=True)
class Claims:
    """The claims of one login: `id_token` and `userinfo`, dicts of any JSON. Both are of the same
    subject (`conversations.single_sign_on.provider` has checked that)."""

    id_token: dict[str, Any]
    userinfo: dict[str, Any]

    @property
    def subject(self):
        """The provider's lasting id of the person, the claim `sub`."""
        return self.id_token["sub"]

    def get(self, path):
        """Return the value of the claim `path` of the ID token or, where it has none, of userinfo;
        MISSING if neither has it. Okta and Entra put groups into the ID token only, others into
        userinfo only."""
        found = value_at(self.id_token, path)
        return value_at(self.userinfo, path) if found is MISSING else found

    def text(self, path):
        """Return the claim `path` as text without blanks around it; "" unless it is a text."""
        for claims in (self.userinfo, self.id_token):
            found = value_at(claims, path)
            if isinstance(found, str) and found.strip():
                return found.strip()
        return ""

    def values(self, path):
        """Return the claim `path` as a frozenset of texts; None if it is missing or no list.

        A single text is a list of one. The keys of an object count (Zitadel's roles). Raise
        SignInRefused if the provider left the list out because it is too long (Entra's "overage"):
        then nobody knows who may do what.
        """
        self._refuse_overage(path)
        found = self.get(path)
        if isinstance(found, str):
            found = [found] if found.strip() else []
        if not isinstance(found, list | dict):
            return None
        return frozenset(each.strip() for each in found if isinstance(each, str) and each.strip())

    def _refuse_overage(self, path):
        """Raise SignInRefused if the claim `path` was left out for its length: Entra sends its name
        in `_claim_names` instead (over 200 groups), or `hasgroups`."""
        first = path.partition(".")[0]
        for claims in (self.id_token, self.userinfo):
            names = claims.get("_claim_names")
            left_out = isinstance(names, dict) and (first in names or path in names)
            if left_out or (path == "groups" and claims.get("hasgroups") in (True, "true")):
                raise SignInRefused(
                    _(
                        "You are in so many groups that your organisation sends no list of them, "
                        "so it is not known what you may do here, and you are not signed in. Ask "
                        "your administrator to send only the groups of this site, or app roles."
                    ),
                    f"groups overage: {path} is in _claim_names",
                )

    def allow_login(self):
        """Return None if the person may log in at all: they have the value of OIDC_REQUIRED_CLAIM
        and an address of OIDC_ALLOWED_DOMAINS, where these are set. Raise SignInRefused if not."""
        if settings.OIDC_REQUIRED_CLAIM:
            path, wanted = map(str.strip, settings.OIDC_REQUIRED_CLAIM.split("=", 1))
            if wanted not in (self.values(path) or ()) and not self._is(path, wanted):
                raise SignInRefused(
                    _(
                        "Your organisation has not given you access to this site. Ask your "
                        "administrator for it."
                    ),
                    f"the claim {path} lacks the required value",
                )
        if settings.OIDC_ALLOWED_DOMAINS:
            domain = self.verified_email.rpartition("@")[2].lower()
            if domain not in settings.OIDC_ALLOWED_DOMAINS:
                raise SignInRefused(
                    _(
                        "This site takes people with a confirmed e-mail address of certain domains "
                        "only, and yours is not among them. Ask your administrator."
                    ),
                    "the e-mail address is of no allowed domain, or not verified",
                )

    def _is(self, path, wanted):
        """Return True if the claim `path` is the number or truth value that `wanted` writes."""
        found = self.get(path)
        return isinstance(found, bool | int) and str(found).lower() == wanted.lower()

    @property
    def verified_email(self):
        """The e-mail address if the provider says that it is verified, or OIDC_TRUST_EMAIL vouches
        for all that it does not deny; else ""."""
        said = self.get("email_verified")
        vouched = settings.OIDC_TRUST_EMAIL and said is MISSING
        return self.text("email") if vouched or said in (True, "true") else ""


def value_at(claims, path):
    """Return the value of the claim `path` in the dict `claims`; MISSING if there is none, or null.

    A dot leads into an object: `realm_access.roles`. A claim whose own name has dots (an address,
    as Auth0's are) is found by its whole name.
    """
    if path in claims:
        found = claims[path]
    else:
        first, dot, rest = path.partition(".")
        inner = claims.get(first) if dot else None
        found = value_at(inner, rest) if isinstance(inner, dict) else None
    return MISSING if found is None else found
