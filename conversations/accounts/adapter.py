"""The account adapter: the site's rules for sign-up and login, which allauth asks for here, and the
e-mail with which a new person sets the password."""

import unicodedata

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.core.internal import ratelimit
from django.conf import settings
from django.db.models import Q
from django.utils import translation

from conversations.accounts.look_alikes import looks_like_another
from conversations.models import Person


class Adapter(DefaultAccountAdapter):
    """allauth's adapter with the site's rules: SIGNUP, no look-alike names at sign-up, and counts
    of failed logins for each account, whatever name of it was typed."""

    def is_open_for_signup(self, request):
        return settings.SIGNUP == "open"

    def clean_email(self, email):
        # In the form that addresses are stored in; allauth compares what it found with what was
        # typed, letter by letter.
        return super().clean_email(unicodedata.normalize("NFC", email))

    def authenticate(self, request, **credentials):
        for name, form in (("email", "NFC"), ("username", "NFKC")):
            if isinstance(credentials.get(name), str):
                credentials[name] = unicodedata.normalize(form, credentials[name])
        return super().authenticate(request, **credentials)

    def clean_username(self, username, shallow=False):
        username = super().clean_username(username, shallow)
        if not shallow and looks_like_another(username):
            raise self.validation_error("username_taken")
        return username

    def pre_authenticate(self, request, **credentials):
        """Refuse a login where there were too many failures: five in five minutes for an account
        from one address, by allauth's count, and FAILURES_OF_AN_ACCOUNT from everywhere.

        By account alone, five wrong passwords from anywhere would keep its person out.
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

    def is_safe_url(self, url):
        try:
            return super().is_safe_url(url)
        except ValueError:
            # urlparse raises it for "http://[::1".
            return False

    def _get_login_attempts_cache_key(self, request, **credentials):
        return f"{self._account(credentials)} {ratelimit.get_ip(request)}"

    def _account(self, credentials):
        # allauth counts by the site's host name and by what was typed: the person's name, their
        # e-mail and each name of the site would have a count of its own.
        typed = credentials.get("email") or credentials.get("username") or ""
        found = Person.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed))
        ids = sorted(found.values_list("pk", flat=True)[:2])
        return f"person:{ids[0]}" if len(ids) == 1 else f"name:{typed.casefold()}"


def send_password_link(request, person):
    """Send `person` an e-mail with a link to set the password, in the person's language.

    The link is that of a password reset: valid as long, and once. The e-mail goes to the outbox
    (conversations.mail): whether the mail server takes it is seen in the administration.
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
