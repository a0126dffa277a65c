"""Template tags of the administration (Django's admin pages)."""

from django import template

from conversations.admin import sections

register = template.Library()


@register.simple_tag
def section_of(opts):
    """Return the Section of the administration (`conversations.admin.sections`) that has the model
    with the options `opts` (its `_meta`); None if none has it."""
    return sections.section_of(opts.label_lower)
