"""Forms to send a message, to edit a message, and to ask for another reply to one."""

import json
import uuid
from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import LanguageModel
from conversations.rendering.isolated_text import isolated
from conversations.tools import PersonsTools, Switch, merged, switched_on


class Names(forms.Field):
    """Form field for a list of strings, each sent as a separate value under the name of the field.
    Its `clean` returns the list without duplicates and "", [] if none were sent; never raises."""

    widget = forms.MultipleHiddenInput

    def clean(self, value):
        """Return the strings of the list `value` (None: none were sent), each once, empty ones left
        out."""
        return list(dict.fromkeys(str(each) for each in value or () if each))


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Language model that a form offers: `model` is the LanguageModel, `tools` the switches of its
    tools as JSON for the page's JavaScript (`[[name, label, is on], …]`), "" if it has none."""

    model: LanguageModel
    tools: str


class MessageForm(forms.Form):
    """Form to send a message: text, model, reasoning effort, maximum length of the reply in tokens,
    switches of tools, and a submission id (a UUID, unique in the database, so that sending the form
    twice stores one message).

    `person` is the Person who sends it: only models and tools offered to that person are valid
    (None: no model is). `chosen` is the name of the model that is selected at first, `tools` are
    the names of the tools that are on at first (None: nobody chose yet). `effort` and `length` are
    the values for a form that is sent without these fields, as those for a retry and an edit are.
    `files` are the Attachments of the message (kept as `files_kept`): with any of them the text may
    be empty.

    In `cleaned_data`, `model` is a LanguageModel, and `tools` is the list of names of the tools
    that are on, None if the form had no switches.
    """

    text = forms.CharField(
        label=gettext_lazy("Message"),
        strip=False,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("Write a message first.")},
    )
    model = forms.CharField(required=False)
    effort = forms.CharField(required=False, max_length=20)
    length = forms.IntegerField(required=False, min_value=16, max_value=10_000_000)
    # Names of the tools that are switched on, and of those that the form has a switch for: of a
    # box that is not ticked browsers send nothing.
    tools = Names(required=False)
    tools_shown = Names(required=False)
    submission = forms.UUIDField(required=False)

    def __init__(
        self,
        *args,
        person=None,
        chosen="",
        tools=None,
        effort="",
        length=None,
        files=(),
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self._before = {"effort": effort, "length": length}
        self.files_kept = list(files)
        if self.files_kept:
            # A picture may say it all.
            self.fields["text"].required = False
        # Only models that the person may use are offered, and valid.
        offered = LanguageModel.objects.offered_to(person) if person else ()
        self.models = list(offered)
        # `chosen` may be lazy: it is evaluated only where there is a choice.
        self.chosen = chosen if len(self.models) > 1 else ""
        self._tools_before = tools
        self._allowed_tools = PersonsTools(person)

    def clean_text(self):
        """Return the text with "\\n" as line ends; "" if it is only white space and the message has
        files. Raise ValidationError if it is only white space and there are no files, or if it has
        more than MAX_MESSAGE characters."""
        text = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n")
        if not text.strip() and self.files_kept:
            return ""
        if not text.strip():
            raise forms.ValidationError(_("Write a message first."))
        if len(text) > settings.MAX_MESSAGE:
            raise forms.ValidationError(
                _(
                    "The message has %(length)s characters; at most %(limit)s can be sent. "
                    "Shorten it, or send it in parts."
                )
                % {"length": intcomma(len(text)), "limit": intcomma(settings.MAX_MESSAGE)}
            )
        return text

    def clean_submission(self):
        """Return the submission id (UUID) from the form, or a new one if the form had none."""
        return self.cleaned_data["submission"] or uuid.uuid4()

    def clean(self):
        """Return the cleaned data: `model` is a LanguageModel in place of its name, `tools` the
        list that `_tools_on` returns; a reasoning effort or maximum length that the model does not
        offer is left out ("" or None). Add an error to the form, with `model` None, if the person
        is not offered the model that was sent, or is offered none at all."""
        cleaned = super().clean()
        name = cleaned.get("model") or self.chosen
        model = next((model for model in self.models if model.name == name), None)
        if model is None and cleaned.get("model"):
            self.add_error(
                "model",
                _("The model “%(name)s” is not available. Choose another one.")
                % {"name": isolated(name)},
            )
        elif model is None and self.models:
            model = self.models[0]
        elif model is None:
            self.add_error(
                "model", _("No model is available. An administrator has to enable one first.")
            )
        cleaned["model"] = model
        cleaned.update({name: v for name, v in self._before.items() if name not in self.data})
        if model:
            if cleaned.get("effort") not in model.effort_choices:
                cleaned["effort"] = ""
            if not model.choose_length:
                cleaned["length"] = None
            self._refuse_tools(cleaned["tools"])
            cleaned["tools"] = self._tools_on()
        return cleaned

    def _refuse_tools(self, names):
        """Add an error to the form if a name in the list `names` is that of no tool the person may
        use with any model. Without the error the tool would be left out of the request silently,
        and people would believe that, for example, the web had been searched."""
        if not names:
            return
        known = {tool.name for tool in self._all_tools}
        unknown = [name for name in names if name not in known]
        if unknown:
            self.add_error(
                "tools",
                _("The tool “%(name)s” is not available. Switch it off, then press Send again.")
                % {"name": isolated(unknown[0][:100])},
            )

    @cached_property
    def _all_tools(self):
        """Return the list of Tools of all models that the person may use; cached."""
        return [tool for model in self.models for tool in self._allowed_tools.of(model)]

    def _tools_on(self):
        """Return the list of names of the tools that are on after the form was sent; tools for
        which it had no switch stay as they were. None if the form had no switches."""
        ticked, shown = self._sent("tools"), self._sent("tools_shown")
        if not ticked and not shown and "tools" not in self.data:
            return None
        if not shown:
            # Sent by hand, without the fields that a page has: a whole choice, "" for none.
            return ticked
        return merged(self._tools_before, self._all_tools, shown, ticked)

    def _sent(self, name):
        """Return the list of strings sent as the form's field `name` ("tools" or "tools_shown")."""
        return self.fields[name].clean(self[name].data)

    @property
    def selected(self):
        """Return the name of the language model to show as selected: the one that was sent, else
        `chosen`, else the first that is offered; "" if none is offered."""
        name = self.data.get("model") or self.chosen
        names = [model.name for model in self.models]
        return name if name in names else (names[0] if names else "")

    @property
    def selected_model(self):
        """Return the LanguageModel whose name is `selected`, None if none is offered."""
        return next((model for model in self.models if model.name == self.selected), None)

    @property
    def switches(self):
        """Return the list of Switches of the tools that the person may use with the selected model;
        [] if there is no such model or tool."""
        return self._switches_of(self.selected_model) if self.models else []

    @cached_property
    def model_choices(self):
        """Return the list of ModelChoices, one for each model that is offered."""
        choices = []
        for model in self.models:
            switches = self._switches_of(model)
            listed = [[each.name, str(each.label), each.is_on] for each in switches]
            choices.append(ModelChoice(model, json.dumps(listed) if listed else ""))
        return choices

    @property
    def has_tools(self):
        """Return True if the person may use tools with any of the models that are offered."""
        return any(choice.tools for choice in self.model_choices)

    def _switches_of(self, model):
        """Return the list of Switches, on or off, of the tools that the person may use with `model`
        (a LanguageModel)."""
        tools = self._allowed_tools.of(model)
        if not tools:
            return []
        names = self._tools_on() if self.is_bound else None
        on = switched_on(tools, self._tools_before if names is None else names)
        return [Switch(tool.name, tool.label, tool in on) for tool in tools]

    @property
    def fresh_submission(self):
        """Return a new submission id (random UUID) for the hidden field of the form."""
        return uuid.uuid4()


def wants_temporary(request):
    """Return True if `request` asks for a new conversation that is temporary: by `temporary` in the
    POST data (the last value counts: an unticked box sends "0"), else in the query of the URL."""
    asked = request.POST.get("temporary", request.GET.get("temporary", ""))
    # As programs write it too: whoever asks for it must not get one that is kept.
    return asked.lower() in ("1", "on", "true", "yes")


class EditForm(MessageForm):
    """Form to edit a message: a MessageForm whose text replaces that of the message in a new branch
    of the conversation."""


class RetryForm(MessageForm):
    """Form to ask for another reply to the same message: a MessageForm that ignores its text."""

    text = forms.CharField(required=False)

    def clean_text(self):
        """Return "", whatever was sent as text."""
        return ""

    @property
    def first_error(self):
        """Return the first error message of the form as text. Raise StopIteration if the form is
        valid."""
        return next(iter(self.errors.values()))[0]
