"""Account adapter: the site's rules for sign-up and login, called by allauth, and e-mails to people
about their password and second factor."""

import unicodedata

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.stagekit import clear_login
from allauth.account.utils import user_pk_to_url_str
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from conversations.accounts.local_login import (
    is_of_directory,
    may_log_in_locally,
    was_by_single_sign_on,
)
from conversations.accounts.look_alikes import looks_like_another
from conversations.models import Person
from conversations.single_sign_on.adapter import provider_name


class Adapter(DefaultAccountAdapter):
    """Adapter of allauth with the site's rules: the setting SIGNUP, no look-alike usernames at
    sign-up, and failed logins counted per account, whether its username or e-mail address was
    typed."""

    def is_open_for_signup(self, request):
        """Return True if anybody may sign up: SIGNUP is "open" and PASSWORD_LOGIN is on."""
        return settings.SIGNUP == "open" and settings.PASSWORD_LOGIN

    def clean_email(self, email):
        """Return the e-mail address normalized to NFC, as it is stored; raise ValidationError if it
        is invalid."""
        # Addresses are stored in NFC, and allauth compares the typed one with the stored one
        # character by character.
        return super().clean_email(unicodedata.normalize("NFC", email))

    def authenticate(self, request, **credentials):
        """Return the Person for `credentials` (`email` or `username`, and `password`), or None if
        they are wrong. E-mail address (NFC) and username (NFKC) are normalized first, as they are
        stored."""
        for name, form in (("email", "NFC"), ("username", "NFKC")):
            if isinstance(credentials.get(name), str):
                credentials[name] = unicodedata.normalize(form, credentials[name])
        return super().authenticate(request, **credentials)

    def clean_username(self, username, shallow=False):
        """Return `username` as it is to be stored; raise ValidationError if it is invalid, taken or
        looks like another. With `shallow` True it is not compared with existing usernames."""
        username = super().clean_username(username, shallow)
        if not shallow and looks_like_another(username):
            raise self.validation_error("username_taken")
        return username

    def pre_authenticate(self, request, **credentials):
        """Raise ValidationError if there were too many failed logins: five in five minutes for an
        account from one IP address (allauth's count), or FAILURES_OF_AN_ACCOUNT (a rate of
        allauth's, such as "100/h/key") from all addresses. `credentials` are what was typed.

        The lower limit is per IP address: per account alone, five wrong passwords from anywhere
        would lock its person out.
        """
        super().pre_authenticate(request, **credentials)
        everywhere = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_everywhere",
            config={"login_failed_everywhere": settings.FAILURES_OF_AN_ACCOUNT},
            key=self._account(credentials),
        )
        if not everywhere:
            raise self.validation_error("too_many_login_attempts")
        # A login that succeeds is taken out of both counts.
        self._login_failed_rl_usage.usage += everywhere.usage

    def pre_login(self, request, user, **kwargs):
        """Return None if the login of `user`, a Person who proved who they are, may go on; else the
        HTTP response to send: for an inactive account, and for one that may log in by single
        sign-on only but used a password or passkey. `kwargs` are allauth's."""
        answer = super().pre_login(request, user, **kwargs)
        if answer or was_by_single_sign_on(request, user) or may_log_in_locally(user):
            return answer
        clear_login(request)
        messages.error(
            request,
            _("Your account signs in with %(name)s, not with a password or passkey of this site.")
            % {"name": provider_name()},
        )
        return redirect("account_login")

    def get_reauthentication_methods(self, user):
        """Return the ways in which `user` can confirm who they are, as allauth's list of dicts
        (`id`, `description`, `url`), the preferred one first. For people with single sign-on the
        identity provider is added at the end, and the password left out unless they may log in
        with it."""
        methods = super().get_reauthentication_methods(user)
        if user.is_authenticated and is_of_directory(user):
            if not may_log_in_locally(user):
                methods = [each for each in methods if each["id"] != "reauthenticate"]
            description = _("Sign in again with %(name)s") % {"name": provider_name()}
            methods.append(
                {"id": "oidc_again", "description": description, "url": reverse("oidc_again")}
            )
        return methods

    def is_safe_url(self, url):
        """Return True if `url` is on this site, so that a redirect to it is safe; False for a
        malformed URL."""
        try:
            return super().is_safe_url(url)
        except ValueError:
            # urlparse raises it for "http://[::1".
            return False

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Return the cache key under which allauth counts failed logins from one IP address: made
        of the account that `credentials` name and the address."""
        return f"{self._account(credentials)} {ratelimit.get_ip(request)}"

    def _account(self, credentials):
        """Return the text under which failed logins are counted: "person:ID" for the account that
        `credentials` (a dict) name, or "name:…" with what was typed, in lower case, if that names
        no account, or several."""
        # allauth counts by the site's host name and by what was typed: the person's name, their
        # e-mail and each name of the site would have a count of its own.
        typed = credentials.get("email") or credentials.get("username") or ""
        found = Person.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed))
        ids = sorted(found.values_list("pk", flat=True)[:2])
        return f"person:{ids[0]}" if len(ids) == 1 else f"name:{typed.casefold()}"


def send_password_link(request, person):
    """Queue an e-mail to `person`, in their language, with a link to set the password. `request`
    gives the site's address for the link.

    The link is that of a password reset: it works once, for PASSWORD_RESET_TIMEOUT seconds. The
    administration lists the e-mail until the mail server has accepted it.
    """
    adapter = get_adapter(request)
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    context = {
        "person": person,
        "url": adapter.get_reset_password_from_key_url(key),
        "site_name": settings.SITE_NAME,
    }
    with translation.override(person.language or translation.get_language()):
        adapter.send_mail("account/email/set_password", person.email, context)


def send_factor_reset(request, person):
    """Queue an e-mail to `person`, in their language, that an administrator has reset their second
    factor, so that they notice if they did not ask for it."""
    with translation.override(person.language or translation.get_language()):
        context = {"site_name": settings.SITE_NAME, "person": person}
        get_adapter(request).send_mail("account/email/factor_reset", person.email, context)
