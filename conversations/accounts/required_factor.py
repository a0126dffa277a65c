"""Required second factors: sends people who must have one (MFA_REQUIRED) to the page that sets it
up."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.accounts.local_login import was_by_single_sign_on
from conversations.models import Person

# Pages that one can use without a second factor: to set one up, confirm who one is, and log out.
_FREE = ("/accounts/", "/admin/logout/", settings.STATIC_URL)
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def middleware(get_response):
    """Django middleware: return a handler that redirects people who must have a second factor, but
    have none, to the page that sets one up. It calls `get_response` for everybody else, and for the
    pages of one's own account, logout and static files."""

    def handle(request):
        if settings.MFA_REQUIRED == "none" or request.path_info.startswith(_FREE):
            return get_response(request)
        if not request.user.is_authenticated or not lacks_factor(request):
            return get_response(request)
        messages.warning(
            request,
            _("This site asks for a second factor for your account. Set one up, then go on."),
        )
        return redirect("mfa_index")

    return handle


def lacks_factor(request):
    """Return True if `request.user` must have a second factor and has none. With MFA_SSO_EXEMPT a
    session that began by single sign-on is exempt: the identity provider asks for a factor."""
    person = request.user
    if not must_have_factor(person):
        return False
    if settings.MFA_SSO_EXEMPT and was_by_single_sign_on(request, person):
        return False
    return not is_mfa_enabled(person, FACTORS)


def must_have_factor(person):
    """Return True if the setting MFA_REQUIRED applies to `person`: "none" to nobody, "staff" to
    staff and superusers, "reviewers" also to those who may review or read the access log,
    "everyone" to all."""
    if settings.MFA_REQUIRED == "everyone":
        return True
    if settings.MFA_REQUIRED == "none":
        return False
    administers = person.is_staff or person.is_superuser
    reviews = settings.MFA_REQUIRED == "reviewers" and (
        person.may_review or person.may_read_access_log
    )
    return administers or reviews


def advice():
    """Return a sentence that advises the operator to set MFA_REQUIRED, with the number of active
    people without a second factor who are staff, review or read the access log; "" if that is 0, or
    if MFA_REQUIRED is "reviewers" or "everyone" already. People with single sign-on are not
    counted, since their identity provider asks for a factor."""
    if settings.MFA_REQUIRED in ("reviewers", "everyone"):
        return ""
    with_power = Q(is_staff=True) | Q(is_superuser=True)
    for path in ("user_permissions", "groups__permissions"):
        with_power |= Q(
            **{
                f"{path}__codename__in": ("review_conversation", "view_reviewaccess"),
                f"{path}__content_type__app_label": "conversations",
            }
        )
    people = Person.objects.filter(with_power, is_active=True, socialaccount=None)
    count = people.exclude(authenticator__type__in=FACTORS).distinct().count()
    if not count:
        return ""
    return (
        ngettext(
            "%d person who administers or reviews has no second factor: a password that leaks is "
            "enough. Set MFA_REQUIRED=reviewers.",
            "%d people who administer or review have no second factor: a password that leaks is "
            "enough. Set MFA_REQUIRED=reviewers.",
            count,
        )
        % count
    )
