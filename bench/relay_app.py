"""The site's models without what the site does with them at its start, for the relay."""

from django.apps import AppConfig


class RelayConfig(AppConfig):
    """The app `conversations` as the baseline needs it: its people, who are logged in."""

    name = "conversations"
