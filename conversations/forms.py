"""Forms of the composer: to send a message, to edit one, and to retry a reply."""

import uuid

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import LanguageModel
from conversations.rendering.isolated_text import isolated


class MessageForm(forms.Form):
    """The form of a message: text, model, reasoning effort, maximum length in tokens, and the
    submission id (a UUID, unique in the database), which makes sending it twice harmless.

    `person` is who sends it: only models offered to that person are valid. `chosen` is the name of
    the model that is selected at first. Cleaned, `model` is a LanguageModel.
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
    submission = forms.UUIDField(required=False)

    def __init__(self, *args, person=None, chosen="", **kwargs):
        super().__init__(*args, **kwargs)
        # Only models that the person may use are offered, and valid.
        offered = LanguageModel.objects.offered_to(person) if person else ()
        self.models = list(offered)
        # `chosen` may be lazy: it is evaluated only where there is a choice.
        self.chosen = chosen if len(self.models) > 1 else ""

    def clean_text(self):
        """The text with line feeds as line ends. Not valid: only white space, or more than
        MAX_MESSAGE characters."""
        text = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n")
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
        """The submission id; a new one where the form had none."""
        return self.cleaned_data["submission"] or uuid.uuid4()

    def clean(self):
        """Replace the model's name by its LanguageModel, and drop an effort or a length that this
        model does not offer."""
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
        if model:
            if cleaned.get("effort") not in model.effort_choices:
                cleaned["effort"] = ""
            if not model.choose_length:
                cleaned["length"] = None
        return cleaned

    @property
    def selected(self):
        """The name of the model that is selected in the form; "" where none is offered."""
        name = self.data.get("model") or self.chosen
        names = [model.name for model in self.models]
        return name if name in names else (names[0] if names else "")

    @property
    def selected_model(self):
        """The LanguageModel that is selected in the form, or None."""
        return next((model for model in self.models if model.name == self.selected), None)

    @property
    def fresh_submission(self):
        """A new submission id, for the form that is shown."""
        return uuid.uuid4()


class EditForm(MessageForm):
    """The form to edit a message: a MessageForm with the new text."""


class RetryForm(MessageForm):
    """The form to ask for another reply: a MessageForm without text."""

    text = forms.CharField(required=False)

    def clean_text(self):
        return ""

    @property
    def first_error(self):
        """The message of the first field that is not valid. Raises StopIteration for a valid
        form."""
        return next(iter(self.errors.values()))[0]
