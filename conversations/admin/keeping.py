"""Administration of how long data are kept: retention rules, temporary conversations, erasures and
legal holds."""

import json

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import PowerAdmin, RecordsAdmin, SuperusersChange
from conversations.keeping.preview import preview
from conversations.models import Conversation, Erasure, Hold, Person, RetentionRule, TemporaryPolicy
from conversations.rendering.isolated_text import isolated
from conversations.review.visible_text import has_visible_text

# More than a hundred years is a slip of the hand.
MOST_DAYS = 36_500


class RetentionRuleForm(forms.ModelForm):
    """Form of a RetentionRule. The first submission shows what the rule would delete; a second one
    with the same values saves the rule. The hidden field `previewed` holds the values shown."""

    days = forms.IntegerField(
        label=capfirst(_("days")),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=RetentionRule._meta.get_field("days").help_text,
    )
    file_days = forms.IntegerField(
        label=capfirst(_("days for files")),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=RetentionRule._meta.get_field("file_days").help_text,
    )
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = RetentionRule
        fields = ["group", "temporary", "days", "file_days", "spare_pinned"]

    # What the rule would delete, to be shown above the form; None before it was asked for.
    preview = None

    def _post_clean(self):
        """Validate the rule. Unless the field `previewed` says that its effect was shown for the
        same values, add an error, so that it is not saved, and set `preview` (a Preview)."""
        super()._post_clean()
        if self.errors:
            return
        shown = _signature(self.instance)
        if self.cleaned_data.get("previewed") == shown:
            return
        others = RetentionRule.objects.select_related("group").exclude(pk=self.instance.pk)
        self.preview = preview([*others, self.instance])
        self.data = self.data.copy()
        self.data["previewed"] = shown
        self.add_error(
            None,
            ValidationError(
                _("Not saved yet. Look below at what this would delete, then save again."),
                code="preview",
            ),
        )


def _signature(rule):
    """Return text made of the values of `rule` (a RetentionRule); rules with the same values have
    the same text."""
    return f"{rule.group_id}:{rule.temporary}:{rule.days}:{rule.file_days}:{rule.spare_pinned}"


@admin.register(RetentionRule)
class RetentionRuleAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of retention rules. Saving takes two steps: the first shows what the rule would
    delete."""

    form = RetentionRuleForm
    change_form_template = "admin/retention_rule.html"
    list_display = ["name", "temporary", "days", "file_days", "spare_pinned"]
    fields = ["group", "temporary", "days", "file_days", "spare_pinned", "previewed"]
    list_select_related = ["group"]

    def get_deleted_objects(self, objs, request):
        """Return what Django's page that confirms a deletion shows for the rules `objs`, a tuple
        `(names, counts, missing permissions, protected rows)`, with the number of conversations
        that the remaining rules would delete added to `counts`."""
        names, counts, missing, protected = super().get_deleted_objects(objs, request)
        rest = RetentionRule.objects.select_related("group")
        loss = preview(list(rest.exclude(pk__in=[rule.pk for rule in objs])))
        counts = {**counts, _("conversations that the other rules would then delete"): loss.total}
        return names, counts, missing, protected

    @admin.display(description=_("for"))
    def name(self, rule):
        """Return whom the rule applies to (a group, or everyone), for a column of the list."""
        return isolated(str(rule))


@admin.register(TemporaryPolicy)
class TemporaryPolicyAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of TemporaryPolicy: whether members of a group (or everyone) may have temporary
    conversations, or must have no others."""

    list_display = ["name", "policy"]
    list_select_related = ["group"]

    @admin.display(description=_("for"))
    def name(self, policy):
        """Return whom the policy applies to (a group, or everyone), for a column of the list."""
        return isolated(str(policy))


@admin.register(Erasure)
class ErasureAdmin(RecordsAdmin):
    """ModelAdmin of Erasure: a read-only list of the people whose data were erased, each with its
    receipt. An erasure is ordered on the page of the person's account (PersonAdmin)."""

    list_display = ["asked_at", "person_id", "pseudonym", "phase", "finished_at"]
    fields = ["person_id", "pseudonym", "asked_at", "asked_by", "phase", "finished_at", "receipt"]
    readonly_fields = fields

    @admin.display(description=_("receipt"))
    def receipt(self, erasure):
        """Return the receipt of the erasure as HTML with its JSON, which can be saved for
        `manage.py verify_erasure`; "–" until the erasure is finished."""
        if erasure.finished_at is None:
            return "–"
        return format_html("<pre>{}</pre>", json.dumps(erasure.receipt(), indent=2))


class HoldForm(forms.ModelForm):
    """Form of a new legal hold: on a person, named by username, or on one conversation, named by
    id."""

    person = forms.CharField(
        label=capfirst(_("person")), max_length=150, required=False, help_text=_("The username.")
    )

    class Meta:
        model = Hold
        fields = ["conversation_id", "reason"]

    def clean_person(self):
        """Return the Person with the username that was entered; None if the field is empty. Raise
        ValidationError for an unknown username."""
        name = self.cleaned_data["person"].strip()
        person = Person.objects.filter(username=name).first() if name else None
        if name and person is None:
            raise ValidationError(_("There is no person called “%s”.") % isolated(name))
        return person

    def clean_conversation_id(self):
        """Return the conversation's id (a UUID, or None). Raise ValidationError if there is no such
        conversation."""
        conversation_id = self.cleaned_data["conversation_id"]
        if conversation_id and not Conversation.objects.filter(pk=conversation_id).exists():
            raise ValidationError(_("There is no conversation with this id."))
        return conversation_id

    def clean_reason(self):
        """Return the reason of the hold. Raise ValidationError if it has no letter or digit."""
        return _visible(self.cleaned_data["reason"])

    def clean(self):
        """Set `person_id` of the form's Hold; return the cleaned data. Raise ValidationError unless
        exactly one of person and conversation is given."""
        cleaned = super().clean()
        person, conversation_id = cleaned.get("person"), cleaned.get("conversation_id")
        if not self.errors and bool(person) == bool(conversation_id):
            raise ValidationError(_("Name either a person or a conversation."))
        self.instance.person_id = person.pk if person else None
        return cleaned


class ReleaseForm(forms.ModelForm):
    """Form of a stored legal hold: only the reason for its release can be entered."""

    class Meta:
        model = Hold
        fields = ["release_reason"]
        labels = {"release_reason": capfirst(_("reason of the release"))}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "release_reason" in self.fields:
            self.fields["release_reason"].required = True

    def clean_release_reason(self):
        """Return the reason of the release. Raise ValidationError if it has no letter or digit."""
        return _visible(self.cleaned_data["release_reason"])


def _visible(reason):
    """Return the text `reason`; raise ValidationError if it has no letter or digit."""
    if not has_visible_text(reason):
        raise ValidationError(_("State the reason in a sentence."))
    return reason


@admin.register(Hold)
class HoldAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of Hold: legal holds are placed, and released with a reason; they are never
    changed or deleted."""

    list_display = ["whose", "conversation_id", "placed_at", "placer", "released_at"]

    def get_queryset(self, request):
        """Return the queryset of holds, annotated with the usernames of the person held, the placer
        and the releaser (`person_id_name`, `placed_by_name`, `released_by_name`)."""
        names = {}
        for column in ("person_id", "placed_by", "released_by"):
            people = Person.objects.filter(pk=OuterRef(column)).values("username")[:1]
            names[f"{column}_name"] = Subquery(people)
        return super().get_queryset(request).annotate(**names)

    list_display_links = ["placed_at"]
    list_filter = ["placed_at", "released_at"]
    _facts = ["whose", "conversation_id", "reason", "placed_at", "placer"]

    def get_form(self, request, obj=None, **kwargs):
        """Return the form class: HoldForm for a new hold (`obj` is None), ReleaseForm for a stored
        one."""
        kwargs["form"] = HoldForm if obj is None else ReleaseForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request, obj=None):
        """Return the names of the fields of the page: those to be filled in for a new hold (`obj`
        is None), else the facts about the stored one and the reason of its release."""
        if obj is None:
            return ["person", "conversation_id", "reason"]
        return [
            *self._facts,
            *(["released_at", "releaser"] if obj.released_at else []),
            "release_reason",
        ]

    def get_readonly_fields(self, request, obj=None):
        """Return the names of the fields that are shown but cannot be changed: none for a new hold
        (`obj` is None), else all but the reason of the release; that too once it is released."""
        if obj is None:
            return []
        fields = [*self._facts, "released_at", "releaser"]
        return [*fields, "release_reason"] if obj.released_at else fields

    def save_model(self, request, obj, form, change):
        """Insert the hold `obj` as placed by `request.user` or, if it exists (`change`), release it
        for the reason in `form`."""
        if change:
            obj.release(form.cleaned_data["release_reason"], request.user)
            return
        obj.placed_by = request.user.pk
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request, obj=None):
        """Return False if the hold `obj` was released already; else True for superusers."""
        if obj is not None and obj.released_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Return False: holds are released, not deleted."""
        return False

    @admin.display(description=_("person"))
    def whose(self, hold):
        """Return the username of the person under the hold; "–" for a hold on a conversation."""
        return _name(hold, "person_id")

    @admin.display(description=_("placed by"))
    def placer(self, hold):
        """Return the username of the person who placed the hold."""
        return _name(hold, "placed_by")

    @admin.display(description=_("released by"))
    def releaser(self, hold):
        """Return the username of the person who released the hold; "–" if nobody has."""
        return _name(hold, "released_by")


def _name(hold, column):
    """Return the username of the person whose id is in `column` (a column's name, like "placed_by")
    of `hold`; the id if the account is gone, "–" if the column is empty."""
    person_id = getattr(hold, column)
    name = getattr(hold, f"{column}_name", None)
    return isolated(name) if name else str(person_id or "–")
