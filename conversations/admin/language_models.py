"""ModelAdmin of the gateway's language models: which are offered, to whom, and with which tools."""

import json

from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import tools
from conversations.admin.guarded import GuardedAdmin
from conversations.models import LanguageModel
from conversations.models.language_model import tool_faults
from conversations.rendering.isolated_text import isolated
from conversations.tools import secrets
from conversations.tools.tool import is_too_deep


class ToolsField(forms.JSONField):
    """Form field for `LanguageModel.tools`: a list as JSON text, in a text area. Its value is the
    list, [] for an empty field. The error for text that is no JSON names line and column."""

    widget = forms.Textarea({"rows": 12, "class": "vLargeTextField", "spellcheck": "false"})

    def to_python(self, value):
        """Return the list that `value` (JSON text) stands for, [] for blank text and `null`. Raise
        ValidationError if it is no JSON, no list, or nested too deeply."""
        if self.disabled or not isinstance(value, str):
            return super().to_python(value) or []
        if not value.strip():
            return []
        try:
            found = json.loads(value, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                _("This is no JSON: line %(line)s, column %(column)s: %(what)s.")
                % {"line": error.lineno, "column": error.colno, "what": error.msg}
            ) from None
        except (ValueError, RecursionError):
            raise forms.ValidationError(
                _("It has a number that cannot be stored, or is nested too deeply.")
            ) from None
        if is_too_deep(found):
            raise forms.ValidationError(_("It is nested too deeply."))
        if found is not None and not isinstance(found, list):
            raise forms.ValidationError(tools.faults(found))
        return found or []

    def prepare_value(self, value):
        """Return the text to show for `value`: text as it is (it was typed), a list as indented
        JSON, "" for an empty one."""
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2) if value else ""

    def bound_data(self, data, initial):
        """Return what the field shows after the form was sent with errors: `data`, the text as it
        was typed, valid or not; `initial` if the field is disabled."""
        return initial if self.disabled else data


def _refuse(constant):
    """Raise ValueError for `constant` ("NaN", "Infinity", "-Infinity"), a number that JSON does not
    have but Python's `json.loads` accepts."""
    raise ValueError(constant)


class LanguageModelForm(forms.ModelForm):
    """Form of a LanguageModel in the administration."""

    tools = ToolsField(
        required=False,
        label=gettext_lazy("Tools"),
        help_text=gettext_lazy(
            "Tools of the gateway that people may switch on, as a list in JSON, such as "
            '[{"type": "web_search"}]. docs/tools.md has examples for OpenAI, OpenRouter, LiteLLM, '
            "vLLM and Ollama."
        ),
    )


@admin.register(LanguageModel)
class LanguageModelAdmin(GuardedAdmin):
    """ModelAdmin of the gateway's language models: which are offered, to which groups, and with
    which tools."""

    form = LanguageModelForm
    list_display = [
        "name",
        "enabled",
        "images",
        "files",
        "tool_names",
        "context_window",
        "max_output_tokens",
    ]
    list_editable = ["enabled", "images", "files"]
    list_filter = ["enabled", "groups"]
    search_fields = ["name"]
    filter_horizontal = ["groups"]

    @admin.display(description=gettext_lazy("tools"))
    def tool_names(self, model):
        """Return the names of the tools of `model` (a LanguageModel) as text, for a column of the
        list, with "not all can be used" after them if an entry has a fault; "–" for none."""
        names = [isolated(tool.name) for tool in tools.read(model.tools)]
        if tools.faults(model.tools):
            names.append(_("not all can be used"))
        return ", ".join(names) or "–"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        """Return the page with the form of the LanguageModel `obj` (None: a new one), on GET with a
        warning for each fault of its stored tools, and for each environment variable that a
        connector (MCP server) among them needs and that is not set."""
        if request.method == "GET" and obj is not None:
            for sentence in _warnings(obj):
                messages.warning(request, sentence)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        """Save the LanguageModel `obj`; show a warning for each environment variable that a
        connector (MCP server) among its tools needs and that is not set."""
        super().save_model(request, obj, form, change)
        for name in secrets.unset(tools.read(obj.tools)):
            messages.warning(request, _unset(name))


def _warnings(model):
    """Return a list of sentences, one for each fault of the stored tools of `model` (a
    LanguageModel) and for each environment variable that they need and that is not set."""
    return [*tool_faults(model.tools), *map(_unset, secrets.unset(tools.read(model.tools)))]


def _unset(name):
    """Return the sentence that warns that the environment variable `name`, which a connector (MCP
    server) needs, is not set."""
    return _(
        "The environment variable %(name)s is not set on the server: replies with its connector "
        "will fail until it is."
    ) % {"name": name}
