"""Administration of what is kept: retention rules, temporary conversations, legal holds."""

import json

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import GuardedAdmin, PowerAdmin, SuperusersChange
from conversations.keeping.preview import preview
from conversations.models import Conversation, Erasure, Hold, Person, RetentionRule, TemporaryPolicy
from conversations.rendering.isolated_text import isolated
from conversations.review.visible_text import has_visible_text

# More than a hundred years is a slip of the hand.
MOST_DAYS = 36_500


class RetentionRuleForm(forms.ModelForm):
    """Form of a retention rule. It is saved only when `previewed`, a hidden field, says that what
    the rule would delete was shown for exactly these values."""

    days = forms.IntegerField(
        label=_("days"),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=RetentionRule._meta.get_field("days").help_text,
    )
    file_days = forms.IntegerField(
        label=_("days for files"),
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
        """Validate the rule, and refuse to save it before its preview was shown."""
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
    """Return a text that is the same for two RetentionRules with the same values."""
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
        """Return what the page that confirms the deletion of rules shows, with the number of
        conversations that the other rules would then delete."""
        names, counts, missing, protected = super().get_deleted_objects(objs, request)
        rest = RetentionRule.objects.select_related("group")
        loss = preview(list(rest.exclude(pk__in=[rule.pk for rule in objs])))
        counts = {**counts, _("conversations that the other rules would then delete"): loss.total}
        return names, counts, missing, protected

    @admin.display(description=_("for"))
    def name(self, rule):
        """Return whom the rule is for, for a column of the list."""
        return isolated(str(rule))


@admin.register(TemporaryPolicy)
class TemporaryPolicyAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of the policies that let people have temporary conversations, or no others."""

    list_display = ["name", "policy"]
    list_select_related = ["group"]

    @admin.display(description=_("for"))
    def name(self, policy):
        """Return whom the policy is for, for a column of the list."""
        return isolated(str(policy))


@admin.register(Erasure)
class ErasureAdmin(GuardedAdmin):
    """ModelAdmin of erasures: read-only, with the receipt of each."""

    list_display = ["asked_at", "person_id", "pseudonym", "phase", "finished_at"]
    fields = ["person_id", "pseudonym", "asked_at", "asked_by", "phase", "finished_at", "receipt"]
    readonly_fields = fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("receipt"))
    def receipt(self, erasure):
        """Return the receipt as JSON, once the erasure is done; the page can be kept as a file for
        `manage.py verify_erasure`."""
        if erasure.finished_at is None:
            return "–"
        return format_html("<pre>{}</pre>", json.dumps(erasure.receipt(), indent=2))


class HoldForm(forms.ModelForm):
    """Form of a new legal hold: on a person, by username or id, or on one conversation, by id."""

    person = forms.CharField(
        label=_("person"), max_length=150, required=False, help_text=_("The username.")
    )

    class Meta:
        model = Hold
        fields = ["conversation_id", "reason"]

    def clean_person(self):
        """Return the Person with the username entered; None if the field is empty."""
        name = self.cleaned_data["person"].strip()
        person = Person.objects.filter(username=name).first() if name else None
        if name and person is None:
            raise ValidationError(_("There is no person called “%s”.") % isolated(name))
        return person

    def clean_conversation_id(self):
        """Return the id of the conversation; refuse one that does not exist."""
        conversation_id = self.cleaned_data["conversation_id"]
        if conversation_id and not Conversation.objects.filter(pk=conversation_id).exists():
            raise ValidationError(_("There is no conversation with this id."))
        return conversation_id

    def clean_reason(self):
        """Return the reason; refuse one without a letter or digit."""
        return _visible(self.cleaned_data["reason"])

    def clean(self):
        """Put the person's id into the hold; refuse both or neither of person and conversation."""
        cleaned = super().clean()
        person, conversation_id = cleaned.get("person"), cleaned.get("conversation_id")
        if not self.errors and bool(person) == bool(conversation_id):
            raise ValidationError(_("Name either a person or a conversation."))
        self.instance.person_id = person.pk if person else None
        return cleaned


class ReleaseForm(forms.ModelForm):
    """Form of a hold that is in force: only the reason why it is released can be entered."""

    class Meta:
        model = Hold
        fields = ["release_reason"]
        labels = {"release_reason": _("reason of the release")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "release_reason" in self.fields:
            self.fields["release_reason"].required = True

    def clean_release_reason(self):
        """Return the reason; refuse one without a letter or digit."""
        return _visible(self.cleaned_data["release_reason"])


def _visible(reason):
    """Return the text `reason`; raise ValidationError if it has no letter or digit."""
    if not has_visible_text(reason):
        raise ValidationError(_("State the reason in a sentence."))
    return reason


@admin.register(Hold)
class HoldAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of legal holds: they are placed, and released with a reason, never changed or
    deleted."""

    list_display = ["whose", "conversation_id", "placed_at", "placer", "released_at"]

    def get_queryset(self, request):
        """Return the holds with the usernames of the people that they name, by one query."""
        names = {}
        for column in ("person_id", "placed_by", "released_by"):
            people = Person.objects.filter(pk=OuterRef(column)).values("username")[:1]
            names[f"{column}_name"] = Subquery(people)
        return super().get_queryset(request).annotate(**names)

    list_display_links = ["placed_at"]
    list_filter = ["placed_at", "released_at"]
    _facts = ["whose", "conversation_id", "reason", "placed_at", "placer"]

    def get_form(self, request, obj=None, **kwargs):
        """Return the HoldForm for a new hold, the ReleaseForm for a stored one."""
        kwargs["form"] = HoldForm if obj is None else ReleaseForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request, obj=None):
        """Return the names of the fields: all facts of a stored hold, besides the reason why it is
        released."""
        if obj is None:
            return ["person", "conversation_id", "reason"]
        return [
            *self._facts,
            *(["released_at", "releaser"] if obj.released_at else []),
            "release_reason",
        ]

    def get_readonly_fields(self, request, obj=None):
        """Return the names of the fields that are shown only."""
        if obj is None:
            return []
        fields = [*self._facts, "released_at", "releaser"]
        return [*fields, "release_reason"] if obj.released_at else fields

    def save_model(self, request, obj, form, change):
        """Place the hold as `request.user`, or release it."""
        if change:
            obj.release(form.cleaned_data["release_reason"], request.user)
            return
        obj.placed_by = request.user.pk
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request, obj=None):
        """Return False for a hold that was released: nothing of it changes any more."""
        if obj is not None and obj.released_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Return False: holds are released, not deleted."""
        return False

    @admin.display(description=_("person"))
    def whose(self, hold):
        """Return the username of the person who is held; "–" for a hold on a conversation."""
        return _name(hold, "person_id")

    @admin.display(description=_("placed by"))
    def placer(self, hold):
        """Return the username of who placed the hold."""
        return _name(hold, "placed_by")

    @admin.display(description=_("released by"))
    def releaser(self, hold):
        """Return the username of who released the hold."""
        return _name(hold, "released_by")


def _name(hold, column):
    """Return the username of the person whose id `column` of the Hold has, or the id if there is no
    account any more; "–" without one."""
    person_id = getattr(hold, column)
    name = getattr(hold, f"{column}_name", None)
    return isolated(name) if name else str(person_id or "–")
