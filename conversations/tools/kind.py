"""Kinds of the gateway's own tools: what a tool does, whatever a gateway calls its type."""

from django.utils.translation import gettext_lazy as _

WEB_SEARCH = "web_search"
CODE_INTERPRETER = "code_interpreter"
FILE_SEARCH = "file_search"
IMAGE_GENERATION = "image_generation"
MCP = "mcp"

# What people read where a model's row gives a tool no label.
LABELS = {
    WEB_SEARCH: _("Search the web"),
    IMAGE_GENERATION: _("Make pictures"),
    CODE_INTERPRETER: _("Run code"),
    FILE_SEARCH: _("Search files"),
    MCP: _("Use connectors"),
}


def kind_of(type_name):
    """Return the kind of a tool, under which its uses are charged, for the tool's type in a
    request: `type_name` without the prefix of a gateway ("openrouter:web_search") or the date of a
    version ("web_search_2025_08_26"). An unknown type loses its prefix only."""
    name = type_name.rpartition(":")[2]
    return next((kind for kind in LABELS if name.startswith(kind)), name)


def label_of(type_name):
    """Return the label for people of a tool with the type `type_name`, as lazy text: a sentence for
    a known kind, else the type."""
    return LABELS.get(kind_of(type_name), type_name)
