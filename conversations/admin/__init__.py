"""ModelAdmin classes of Django's administration. None of them shows the text or title of a
conversation.

Importing the modules below is what registers them (`chatsite.apps.AdministrationConfig`).
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
