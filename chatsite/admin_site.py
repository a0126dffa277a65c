"""The AdminSite of `/admin/`, with the site's own pages for login, logout and passwords."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from chatsite.version import version
from conversations.views.single_sign_on import logout


class AdministrationSite(admin.AdminSite):
    """Django's AdminSite, with allauth's pages in place of its own for login, logout and passwords:
    only allauth's have rate limits, second factors and Clear-Site-Data."""

    def each_context(self, request):
        """Return the variables of every administration page, with the version as `site_version`."""
        return {**super().each_context(request), "site_version": version()}

    @method_decorator(secure_admin_login)
    def login(self, request, extra_context=None):
        """Redirect a staff member who is logged in to the administration; `secure_admin_login`
        sends others to allauth's login or refuses them."""
        # Strangers were sent to allauth's login, people who are no staff refused. Django's own form
        # would take any number of guesses at the passwords of others from staff.
        return redirect("admin:index")

    def logout(self, request, extra_context=None):
        """Answer with allauth's logout."""
        return logout(request)

    def password_change(self, request, extra_context=None):
        """Redirect to allauth's page for changing one's password."""
        return redirect("account_change_password")
