"""The AdminSite of `/admin/`: its login, logout and change of password are those of the site."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django.contrib import admin
from django.shortcuts import redirect

from chatsite.version import version


class AdministrationSite(admin.AdminSite):
    """Sends to allauth's pages wherever Django's administration has pages of its own for accounts:
    only allauth's have rate limits, second factors and Clear-Site-Data."""

    def each_context(self, request):
        return {**super().each_context(request), "site_version": version()}

    def login(self, request, extra_context=None):
        return secure_admin_login(super().login)(request, extra_context)

    def logout(self, request, extra_context=None):
        return logout(request)

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")
