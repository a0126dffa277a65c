"""Administration of invitations: by e-mail, by a link to copy, or many at once from a CSV file."""

from allauth.core import context
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations.accounts import invitations
from conversations.accounts.people_file import FileFaults, read_rows
from conversations.accounts.recent_login import require_recent_login
from conversations.admin.guarded import PowerAdmin, SuperusersChange
from conversations.models import Invitation


class InvitationForm(forms.ModelForm):
    """Form of a new Invitation: address, groups, role, and whether the link is sent by e-mail."""

    send = forms.BooleanField(
        label=_("Send the link by e-mail"),
        required=False,
        initial=True,
        help_text=_("Else copy it from the list of invitations and pass it on yourself."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].queryset = Group.objects.filter(directory_rows=None)

    def clean_email(self):
        """Return the e-mail address. Raise ValidationError if an account or an open invitation has
        it."""
        email = self.cleaned_data["email"]
        refuse_taken(email)
        return email


class InvitationsFileForm(forms.Form):
    """Form to upload a CSV file with the people to invite, and whether the links are sent by
    e-mail."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "With a first line that names the columns: email, and as you like groups (several "
            "separated by a semicolon) and role (administrator, reviewer, sees_usage)."
        ),
    )
    send = forms.BooleanField(label=_("Send the links by e-mail"), required=False, initial=True)


def refuse_taken(email):
    """Raise ValidationError if the e-mail address `email` belongs to an account or an open
    invitation."""
    if invitations.is_taken(email):
        raise forms.ValidationError(_("There is an account with this address already."))
    if any(each.is_open for each in Invitation.objects.filter(email__iexact=email)):
        raise forms.ValidationError(_("This address has an open invitation already."))


@admin.register(Invitation)
class InvitationAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of Invitation. Invitations are created and revoked, never changed."""

    form = InvitationForm
    list_display = ["email", "state_", "role", "expires_at", "invited_by", "link"]
    readonly_fields = ["link"]
    list_filter = ["role", "created_at"]
    list_select_related = ["invited_by"]
    search_fields = ["email"]
    filter_horizontal = ["groups"]
    fields = ["email", "groups", "role", "send"]
    actions = ["revoke", "send_again"]
    change_list_template = "admin/invitations.html"

    def has_change_permission(self, request, obj=None):
        """Return False: to change an invitation, one revokes it and makes a new one."""
        return False

    def get_fields(self, request, obj=None):
        """Return the names of the fields of the page: the form's for a new invitation (`obj` is
        None), else the stored facts."""
        return self.fields if obj is None else ["email", "groups", "role", "expires_at", "link"]

    def get_urls(self):
        """Return the URL patterns of the model's pages, with that of the CSV form added."""
        view = self.admin_site.admin_view(self.from_file)
        return [path("file/", view, name="invitations_file"), *super().get_urls()]

    def save_model(self, request, obj, form, change):
        """Store the invitation `obj` with `request.user` as the inviting person, and e-mail its
        link if the form says so."""
        obj.invited_by = request.user
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("send"):
            transaction.on_commit(lambda: invitations.send(request, obj))

    @admin.display(description=_("state"))
    def state_(self, invitation):
        """Return the state of the invitation in a word ("open", "accepted" …), for a column of the
        list."""
        return invitation.state

    @admin.display(description=_("link to copy"))
    def link(self, invitation):
        """Return the link of an open invitation as HTML to copy, for a column of the list; "" if it
        is not open, or for staff who are no superusers: whoever has the link can take its role."""
        # The request being answered: a ModelAdmin serves several at once.
        if not (invitation.is_open and context.request.user.is_superuser):
            return ""
        url = context.request.build_absolute_uri(invitation.path)
        return format_html("<code>{}</code>", url)

    @admin.action(description=_("Revoke: the link no longer works"), permissions=["delete"])
    def revoke(self, request, queryset):
        """Revoke the invitations in `queryset` that were neither accepted nor revoked yet, so that
        their links stop working; show a message with the number of these."""
        open_ones = queryset.filter(accepted_at=None, revoked_at=None)
        count = open_ones.update(revoked_at=timezone.now())
        said = ngettext("%d invitation was revoked.", "%d invitations were revoked.", count)
        messages.success(request, said % count)

    @admin.action(description=_("Send the link again"), permissions=["delete"])
    def send_again(self, request, queryset):
        """E-mail the links of the open invitations in `queryset` once more; show a message with
        their number."""
        open_ones = [each for each in queryset if each.is_open]
        for each in open_ones:
            invitations.send(request, each)
        said = ngettext("%d link is being sent.", "%d links are being sent.", len(open_ones))
        messages.success(request, said % len(open_ones))

    def from_file(self, request):
        """Return the page with the form for a CSV file; POST creates an invitation for each row or,
        if any row has a fault, none, and lists the faults. Asks for a recent login."""
        require_recent_login(request)
        if not self.has_add_permission(request):
            return redirect("admin:index")
        form = InvitationsFileForm(request.POST or None, request.FILES or None)
        faults = []
        if request.method == "POST" and form.is_valid():
            try:
                made = self._made(request, form.cleaned_data["file"])
            except FileFaults as error:
                faults = error.faults
            else:
                if form.cleaned_data["send"]:
                    for each in made:
                        invitations.send(request, each)
                said = ngettext("%d person was invited.", "%d people were invited.", len(made))
                messages.success(request, said % len(made))
                return redirect("admin:conversations_invitation_changelist")
        page = {
            **self.admin_site.each_context(request),
            "title": _("Invite many"),
            "opts": self.opts,
            "form": form,
            "faults": faults,
        }
        return render(request, "admin/invitations_file.html", page)

    @transaction.atomic
    def _made(self, request, file):
        """Insert an Invitation for each row of `file` (an uploaded CSV file), logged as an addition
        by `request.user`; return the list of them. Raise FileFaults, and insert none, if a row
        cannot be used."""
        faults, made, seen = [], [], set()
        for row in read_rows(file.read(), required=("email",)):
            try:
                refuse_taken(row.email)
            except forms.ValidationError as error:
                faults.append(row.fault(error.messages[0]))
            if row.email.casefold() in seen:
                faults.append(row.fault(_("the address stands here twice")))
            seen.add(row.email.casefold())
            made.append(row)
        if faults:
            raise FileFaults(faults)
        return [self._invited(request, row) for row in made]

    def _invited(self, request, row):
        """Insert and return the Invitation by `request.user` for `row` (a PersonRow)."""
        invitation = Invitation.objects.create(
            email=row.email, role=row.role, invited_by=request.user
        )
        invitation.groups.set(row.groups)
        self.log_addition(request, invitation, [{"added": {}}])
        return invitation
