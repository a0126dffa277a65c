import uuid

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import LanguageModel


class MessageForm(forms.Form):
    """What a person sends: the text, the model, and the id that lets it through only once."""

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
        # Offered, and accepted, is only what the person may use.
        offered = LanguageModel.objects.offered_to(person) if person else ()
        self.models = list(offered)
        # May be looked up only where there is something to choose.
        self.chosen = chosen if len(self.models) > 1 else ""

    def clean_text(self):
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
        return self.cleaned_data["submission"] or uuid.uuid4()

    def clean(self):
        cleaned = super().clean()
        name = cleaned.get("model") or self.chosen
        model = next((model for model in self.models if model.name == name), None)
        if model is None and cleaned.get("model"):
            self.add_error(
                "model",
                _("The model “%(name)s” is not available. Choose another one.") % {"name": name},
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
        """The name of the model the form shows as chosen."""
        name = self.data.get("model") or self.chosen
        names = [model.name for model in self.models]
        return name if name in names else (names[0] if names else "")

    @property
    def selected_model(self):
        return next((model for model in self.models if model.name == self.selected), None)

    @property
    def fresh_submission(self):
        """A new id for the form that is shown, unless what was posted may still be sent."""
        return uuid.uuid4()


class EditForm(MessageForm):
    """A person's message written anew; everything else as when it was first sent."""


class RetryForm(MessageForm):
    """Asks for another reply; there is no text."""

    text = forms.CharField(required=False)

    def clean_text(self):
        return ""

    @property
    def first_error(self):
        """The sentence of the first field that was refused. Only where the form is not valid."""
        return next(iter(self.errors.values()))[0]
