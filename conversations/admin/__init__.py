"""The Django admin administers. It shows nobody's text and no title."""

from conversations.admin import people, review, usage  # noqa: F401
