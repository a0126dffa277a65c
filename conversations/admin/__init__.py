"""ModelAdmin classes of Django's administration. None of them shows the text or title of a
conversation.

Importing this package registers all of them with the AdminSite, which
`chatsite.apps.AdministrationConfig` does at start-up.
"""

from conversations.admin import (  # noqa: F401
    directory,
    invitations,
    keeping,
    language_models,
    mail,
    people,
    review,
    running,
    usage,
)
