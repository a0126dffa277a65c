"""Django app configuration of the administration (`/admin/`)."""

from django.contrib.admin.apps import SimpleAdminConfig


class AdministrationConfig(SimpleAdminConfig):
    """Configuration of Django's administration with AdministrationSite, without autodiscovery.

    Only `conversations.admin` registers models. Libraries bring ModelAdmins that know nothing of
    this site's permissions: with allauth's for EmailAddress, staff could add an address of their
    own to a superuser's account and have the password reset.
    """

    default_site = "chatsite.admin_site.AdministrationSite"

    def ready(self):
        """Register the models of `conversations.admin` at start-up."""
        super().ready()
        import conversations.admin  # noqa: F401
