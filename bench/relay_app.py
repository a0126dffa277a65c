"""Django app configuration for the baseline server: the models of the app `conversations`, without
what the site connects and checks when it starts."""

from django.apps import AppConfig


class RelayConfig(AppConfig):
    """The app `conversations` for the baseline server, which needs only Person, for the login."""

    name = "conversations"
