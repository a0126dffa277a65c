"""The ModelAdmins of Django's administration. They show nobody's text and no title.

What is imported here is all that is registered (`chatsite.apps.AdministrationConfig`).
"""

from conversations.admin import mail, people, review, usage  # noqa: F401
