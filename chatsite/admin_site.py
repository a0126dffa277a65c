"""The AdminSite of `/admin/`: its login, logout and change of password are those of the site."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django.contrib import admin
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from chatsite.version import version


class AdministrationSite(admin.AdminSite):
    """Sends to allauth's pages wherever Django's administration has pages of its own for accounts:
    only allauth's have rate limits, second factors and Clear-Site-Data."""

    def each_context(self, request):
        return {**super().each_context(request), "site_version": version()}

    @method_decorator(secure_admin_login)
    def login(self, request, extra_context=None):
        # Strangers were sent to allauth's login, people who are no staff refused. Django's own form
        # would take any number of guesses at the passwords of others from staff.
        return redirect("admin:index")

    def logout(self, request, extra_context=None):
        return logout(request)

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")
