from django.contrib.admin.apps import SimpleAdminConfig


class AdministrationConfig(SimpleAdminConfig):
    """Django's administration with our site class, without autodiscovery.

    Only `conversations.admin` registers models. Libraries bring ModelAdmins of their own that know
    nothing of our permissions: with allauth's for EmailAddress, staff could add an address of their
    own to a superuser's account and have the password reset.
    """

    default_site = "chatsite.admin_site.AdministrationSite"

    def ready(self):
        super().ready()
        import conversations.admin  # noqa: F401
