"""Claims: the statements of an identity provider about a person who logs in, from its ID token and
its userinfo endpoint."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.single_sign_on.refusal import SignInRefused

MISSING = object()


@dataclass(frozen=True)
class Claims:
    """Claims of one login: `id_token` and `userinfo`, dicts from the provider's JSON. Both are
    about the same subject, as `conversations.single_sign_on.provider` has checked."""

    id_token: dict[str, Any]
    userinfo: dict[str, Any]

    @property
    def subject(self):
        """Return the claim `sub` (text): the id by which the identity provider always names this
        person."""
        return self.id_token["sub"]

    def get(self, path):
        """Return the value (any JSON) of the claim at `path` (see `value_at`) in the ID token or,
        if it has none, in userinfo; MISSING if neither has it. Okta and Entra put groups into the
        ID token only, others into userinfo only."""
        found = value_at(self.id_token, path)
        return value_at(self.userinfo, path) if found is MISSING else found

    def text(self, path):
        """Return the claim at `path` (see `value_at`) as text without blanks around it, from
        userinfo or, if that has no text there, from the ID token; "" if neither has any."""
        for claims in (self.userinfo, self.id_token):
            found = value_at(claims, path)
            if isinstance(found, str) and found.strip():
                return found.strip()
        return ""

    def values(self, path):
        """Return the values of the claim at `path` (see `value_at`) as a frozenset of texts; None
        if the claim is missing or no list.

        A single text counts as a list of one; of an object the keys are taken (Zitadel's roles).
        Raise SignInRefused if the provider left the list out because it is too long (Entra's
        "overage"), since the person's rights are unknown then.
        """
        self._refuse_overage(path)
        found = self.get(path)
        if isinstance(found, str):
            found = [found] if found.strip() else []
        if not isinstance(found, list | dict):
            return None
        return frozenset(each.strip() for each in found if isinstance(each, str) and each.strip())

    def _refuse_overage(self, path):
        """Raise SignInRefused if the provider left out the claim at `path` because it is too long:
        Entra then names it in `_claim_names` (over 200 groups), or sends `hasgroups`."""
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
        """Raise SignInRefused unless the person may log in: with OIDC_REQUIRED_CLAIM (such as
        "groups=chat") set, that claim must be or contain that value; with OIDC_ALLOWED_DOMAINS set,
        they need a verified e-mail address of one of these domains."""
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
        """Return True if the claim at `path` (see `value_at`) is an integer or a bool that is
        written as the text `wanted`, like "1" or "true", in any case of letters."""
        found = self.get(path)
        return isinstance(found, bool | int) and str(found).lower() == wanted.lower()

    @property
    def verified_email(self):
        """Return the person's e-mail address if the provider states that it is verified, or if it
        states nothing and OIDC_TRUST_EMAIL is set; else ""."""
        said = self.get("email_verified")
        vouched = settings.OIDC_TRUST_EMAIL and said is MISSING
        return self.text("email") if vouched or said in (True, "true") else ""


def value_at(claims, path):
    """Return the value of the claim at `path` in the dict `claims`; MISSING if there is none, or it
    is null.

    A dot in `path` leads into an object, as in `realm_access.roles`. A claim whose own name has
    dots (a URL, as Auth0's are) is found by its whole name.
    """
    if path in claims:
        found = claims[path]
    else:
        first, dot, rest = path.partition(".")
        inner = claims.get(first) if dot else None
        found = value_at(inner, rest) if isinstance(inner, dict) else None
    return MISSING if found is None else found
