"""Django app configuration for the baseline server: the models of the app `conversations`, without
the signal receivers and checks that the site's own configuration registers."""

from django.apps import AppConfig


class RelayConfig(AppConfig):
    """App `conversations` of the baseline server, which needs only its model Person, for the
    login."""

    name = "conversations"
