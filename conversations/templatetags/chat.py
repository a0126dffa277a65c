import uuid

from django import template
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def submission():
    """A new id for a form that starts a call; the database lets each through only once."""
    return uuid.uuid4()


@register.simple_tag
def icon(name):
    """The drawing `name` of templates/_icons.html; what it means stands beside it as text."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )
