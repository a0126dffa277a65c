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
    """A form field for `LanguageModel.tools`: JSON, shown on several lines. What cannot be read as
    JSON is a validation error that names line and column. Nothing typed is an empty list."""

    widget = forms.Textarea({"rows": 12, "class": "vLargeTextField", "spellcheck": "false"})

    def to_python(self, value):
        """Return the value written in `value` (text), [] for an empty one."""
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
        """Return `value` as the text to show: JSON on several lines, what was typed as it was."""
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2) if value else ""

    def bound_data(self, data, initial):
        """Return what the field shows after it was sent: the text that was typed."""
        return initial if self.disabled else data


def _refuse(constant):
    """Raise ValueError for `constant`, "NaN" or "Infinity", which Python reads as JSON."""
    raise ValueError(constant)


class LanguageModelForm(forms.ModelForm):
    """The form of a LanguageModel in the administration."""

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
        """Return the names of the tools of `model` (a LanguageModel) as text, with a mark if an
        entry cannot be used."""
        names = [isolated(tool.name) for tool in tools.read(model.tools)]
        if tools.faults(model.tools):
            names.append(_("not all can be used"))
        return ", ".join(names) or "–"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        """Return the page with the form of one model, with a warning for each entry of its stored
        tools that cannot be used, and for each variable of a connector that is not set."""
        if request.method == "GET" and obj is not None:
            for sentence in _warnings(obj):
                messages.warning(request, sentence)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        """Save `obj`, with a warning for each variable of a connector that is not set."""
        super().save_model(request, obj, form, change)
        for name in secrets.unset(tools.read(obj.tools)):
            messages.warning(request, _unset(name))


def _warnings(model):
    """Return the sentences about what of the stored tools of `model` cannot be used."""
    return [*tool_faults(model.tools), *map(_unset, secrets.unset(tools.read(model.tools)))]


def _unset(name):
    """Return the sentence that says that the environment variable `name` is not set."""
    return _(
        "The environment variable %(name)s is not set on the server: replies with its connector "
        "will fail until it is."
    ) % {"name": name}
