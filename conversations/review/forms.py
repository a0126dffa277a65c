"""Forms of the review: filters of the review queue and of the access log, the reason for opening a
conversation, a note for other reviewers."""

from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.form_fields import LARGEST_ID, DayField, GroupField
from conversations.models import (
    Conversation,
    LanguageModel,
    Person,
    ReviewAccess,
    ReviewNote,
)
from conversations.rendering.isolated_text import isolated
from conversations.review.visible_text import has_visible_text


class ReasonForm(forms.Form):
    """Form that asks a reviewer why a conversation is opened; the answer is kept in the access
    log."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[("", gettext_lazy("Choose a reason")), *ReviewAccess.Reason.choices],
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    explanation = forms.CharField(
        label=gettext_lazy("Explanation"),
        max_length=500,
        help_text=gettext_lazy("A sentence. It is kept in the access log."),
        error_messages={"required": gettext_lazy("Say in a sentence why you open it.")},
    )
    remember = forms.BooleanField(
        label=gettext_lazy("Use this reason for everything I open in the next hour"),
        required=False,
    )

    def clean_explanation(self):
        """Return the explanation; raise ValidationError if it has no letter or digit."""
        explanation = self.cleaned_data["explanation"]
        if not has_visible_text(explanation):
            raise forms.ValidationError(self.fields["explanation"].error_messages["required"])
        return explanation


class NoteForm(forms.ModelForm):
    """Form of a ReviewNote, a remark about a conversation for other reviewers."""

    class Meta:
        model = ReviewNote
        fields = ["text"]
        labels = {"text": gettext_lazy("Note")}

    def clean_text(self):
        """Return the text of the note; raise ValidationError if it has no letter or digit."""
        text = self.cleaned_data["text"]
        if not has_visible_text(text):
            raise forms.ValidationError(_("Write a note of at least a word."))
        return text


class FilterForm(forms.Form):
    """Base class of the forms that filter a list by the query of the page's URL; has a first and a
    last day."""

    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("To"))

    @property
    def carried(self):
        """Return the filters that are set as a URL-encoded query without "?", for links to further
        pages."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


class QueueForm(FilterForm):
    """Form with the filters of the review queue. Only people and groups that `reviewer` (a Person)
    may review are offered and accepted."""

    q = forms.CharField(label=gettext_lazy("Words"), max_length=500, required=False)
    person = forms.CharField(label=gettext_lazy("Person"), max_length=150, required=False)
    group = GroupField(
        None, label=gettext_lazy("Group"), required=False, empty_label=gettext_lazy("All")
    )
    model = forms.ChoiceField(label=gettext_lazy("Model"), required=False)
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("failed", gettext_lazy("Failed")),
            ("filtered", gettext_lazy("Filtered")),
            ("refused", gettext_lazy("Refused")),
            ("interrupted", gettext_lazy("Interrupted")),
        ],
    )
    feedback = forms.ChoiceField(
        label=gettext_lazy("Feedback"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("bad", gettext_lazy("Thumbs down")),
            ("good", gettext_lazy("Thumbs up")),
        ],
    )
    flagged = forms.BooleanField(label=gettext_lazy("Flagged"), required=False)
    unreviewed = forms.BooleanField(label=gettext_lazy("Unreviewed"), required=False)

    field_order = [
        "q",
        "person",
        "group",
        "model",
        "status",
        "feedback",
        "since",
        "until",
        "flagged",
        "unreviewed",
    ]

    def __init__(self, data, *, reviewer):
        super().__init__(data)
        scopes = reviewer.scopes.values("group_id")
        groups = Group.objects.filter(pk__in=scopes) if scopes else Group.objects.all()
        self.reviewer = reviewer
        self.fields["group"].queryset = groups.order_by("name")
        names = LanguageModel.objects.order_by("name").values_list("name", flat=True)
        self.fields["model"].choices = [("", _("All")), *((name, isolated(name)) for name in names)]

    def clean_person(self):
        """Return the Person with the username entered, or None if the field is empty. The error for
        somebody whom the reviewer may not review is the same as for an unknown name, so it does not
        tell who has an account."""
        name = self.cleaned_data["person"].strip()
        if not name:
            return None
        person = Person.objects.filter(username=name).first()
        mine = Conversation.objects.reviewable_by(self.reviewer)
        if person is None or not mine.filter(owner=person).exists():
            raise forms.ValidationError(
                _("There is nothing of a person called “%s”.") % isolated(name)
            )
        return person


class LogForm(FilterForm):
    """Form with the filters of the access log. `reviewer` (who read) and `owner` (whose
    conversation) are entered as usernames and cleaned to a person's id, or None if empty."""

    reviewer = forms.CharField(label=gettext_lazy("Who"), max_length=150, required=False)
    owner = forms.CharField(label=gettext_lazy("Whose"), max_length=150, required=False)
    conversation = forms.UUIDField(label=gettext_lazy("Conversation"), required=False)
    action = forms.ChoiceField(
        label=gettext_lazy("Action"),
        required=False,
        choices=[("", gettext_lazy("All")), *ReviewAccess.Action.choices],
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        required=False,
        choices=[("", gettext_lazy("All")), *ReviewAccess.Reason.choices],
    )

    field_order = ["reviewer", "owner", "conversation", "action", "reason", "since", "until"]

    def clean_reviewer(self):
        """Return the id of the person entered as reviewer, or None."""
        return self._person_id("reviewer")

    def clean_owner(self):
        """Return the id of the person entered as owner of the conversation, or None."""
        return self._person_id("owner")

    def _person_id(self, field):
        """Return the id of the person whose username is in the form field called `field`, None if
        it is empty. A number that is no username is taken as an id, since the log has nothing else
        of a deleted person. Raise ValidationError for any other unknown name."""
        name = self.cleaned_data[field].strip()
        if not name:
            return None
        person_id = Person.objects.filter(username=name).values_list("pk", flat=True).first()
        if person_id is None and name.isdecimal() and len(name) < 20:
            person_id = min(int(name), LARGEST_ID)
        if person_id is None:
            raise forms.ValidationError(_("There is no person called “%s”.") % isolated(name))
        return person_id
