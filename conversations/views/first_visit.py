"""Set-up page of a new site: creates the administrator's account, exactly once."""

import hmac
import re
from ipaddress import ip_address

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from conversations.accounts.account_forms import FirstPasswordTakesFaults
from conversations.checks import NAMES_OF_THIS_MACHINE
from conversations.models import Person


def setup_code():
    """Return the set-up code that the server prints when it starts, like `1A2B-3C4D-5E6F`. It
    proves that whoever sets up the site can read the server's output. An HMAC of the secret key, so
    the same in every process."""
    digits = salted_hmac("chatsite.setup", "code", algorithm="sha256").hexdigest()[:12].upper()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


class SetupForm(FirstPasswordTakesFaults, BaseUserCreationForm):
    """Form to create the administrator's account. It asks for the set-up code too, unless `at_home`
    (the browser is on the server's own machine)."""

    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        help_text=gettext_lazy("The server printed it when it started."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    class Meta(BaseUserCreationForm.Meta):
        model = Person
        fields = ("username", "email")

    def __init__(self, *args, at_home, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].required = False
        if at_home:
            del self.fields["code"]

    def clean_code(self):
        """Return the set-up code; raise ValidationError if another code was typed. The comparison
        takes constant time."""
        given = self.cleaned_data["code"].strip().upper().encode()
        if not hmac.compare_digest(given, setup_code().encode()):
            raise forms.ValidationError(
                _("This is not the code that the server printed at its last start.")
            )
        return setup_code()


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request):
    """Return the set-up page; POST creates the administrator's account and logs in. 404 once any
    account exists."""
    if Person.objects.exists():
        raise Http404
    form = SetupForm(request.POST or None, at_home=is_at_home(request))
    if request.method != "POST":
        return render(request, "account/setup.html", {"form": form})
    if not form.is_valid():
        return render(request, "account/setup.html", {"form": form}, status=422)
    with transaction.atomic():
        # A lock against two set-ups at the same time, on a row that always exists.
        ContentType.objects.select_for_update().get(app_label="conversations", model="person")
        if Person.objects.exists():
            raise Http404
        person = form.save(commit=False)
        person.is_staff = person.is_superuser = True
        person.save()
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")


# Headers that show that a request came through a proxy.
PROXY_HEADERS = re.compile(r"HTTP_(X_FORWARDED|FORWARDED|X_REAL_IP|VIA|X_ORIGINAL|CF_|TRUE_CLIENT)")


def is_at_home(request):
    """Return True if the request comes from a browser on the server's own machine, with no proxy in
    between.

    A proxy on this machine may add no header that shows it. So the result is also False if
    TRUSTED_PROXIES or CSRF_TRUSTED_ORIGINS is set, if ALLOWED_HOSTS has other names than those of
    this machine, and for HTTP/1.0, which nginx speaks to its upstream by default.
    """
    if settings.TRUSTED_PROXIES or settings.CSRF_TRUSTED_ORIGINS:
        return False
    # The setting is tested, not the Host header: Django accepts only the names in the setting.
    if not set(settings.ALLOWED_HOSTS) <= NAMES_OF_THIS_MACHINE:
        return False
    if any(PROXY_HEADERS.match(name) for name in request.META):
        return False
    if getattr(request, "scope", {}).get("http_version") == "1.0":
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
