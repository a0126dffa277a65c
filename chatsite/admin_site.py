"""AdminSite of `/admin/`: with a first page of this site, and with allauth's pages for login,
logout and passwords."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from chatsite.version import version
from conversations.views.single_sign_on import logout


class AdministrationSite(admin.AdminSite):
    """Django's AdminSite, with models grouped by subject in place of by app, and with allauth's
    pages for login, logout and passwords in place of Django's: only allauth's have rate limits,
    second factors and Clear-Site-Data."""

    index_title = _("Administration")

    def each_context(self, request):
        """Return the variables of every administration page, with the version as `site_version`."""
        return {
            **super().each_context(request),
            "site_title": settings.SITE_NAME,
            "site_header": settings.SITE_NAME,
            "site_version": version(),
        }

    def get_app_list(self, request, app_label=None):
        """Return the sections of the first page and of the sidebar that `request.user` sees, as a
        list of dicts (`conversations.admin.sections.sections_for` describes them). `app_label` is
        not used: a section has models of several apps."""
        # It is imported when a request comes, since importing `conversations.admin` asks for this
        # very site.
        from conversations.admin.sections import sections_for

        apps = super().get_app_list(request)
        models = {each["model"]._meta.label_lower: each for app in apps for each in app["models"]}
        return sections_for(request.user, models)

    def index(self, request, extra_context=None):
        """Return the response with the administration's first page: its sections and, for those who
        may see settings, the steps of the setup that are still to be done."""
        from conversations.admin.sections import may_see_settings
        from conversations.installation.steps import steps

        open_steps = []
        if may_see_settings(request.user):
            open_steps = [step for step in steps(request) if step.is_open]
        return super().index(request, {**(extra_context or {}), "open_steps": open_steps})

    def app_index(self, request, app_label, extra_context=None):
        """Redirect the page of one Django app to the first page, whose sections are not apps."""
        return redirect("admin:index")

    @method_decorator(secure_admin_login)
    def login(self, request, extra_context=None):
        """Redirect to the administration's first page, for staff who are logged in already;
        `secure_admin_login` sends strangers to allauth's login and refuses people who are no staff.
        """
        # Strangers were sent to allauth's login, people who are no staff refused. Django's own form
        # would take any number of guesses at the passwords of others from staff.
        return redirect("admin:index")

    def logout(self, request, extra_context=None):
        """Answer with allauth's logout."""
        return logout(request)

    def password_change(self, request, extra_context=None):
        """Redirect to allauth's page for changing one's password."""
        return redirect("account_change_password")
