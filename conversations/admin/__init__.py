"""The Django admin administers. It shows nobody's text and no title."""

from conversations.admin import people, usage  # noqa: F401
