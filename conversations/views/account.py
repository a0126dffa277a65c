"""Account page of a person: name, instructions for the model, language and theme."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import render
from django.utils.translation import (
    get_language,
    get_language_from_request,
    gettext_lazy,
    override,
)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from conversations.accounts.local_login import is_of_directory, may_log_in_locally
from conversations.keeping.retention import span_of
from conversations.models import Person
from conversations.review.notice import notice
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther


class AccountForm(forms.ModelForm):
    """Form of the account page: a person's name, instructions for the model, language and theme.
    E-mail address and password are changed on django-allauth's pages."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As the browser")), *settings.LANGUAGES],
    )

    class Meta:
        model = Person
        fields = ("first_name", "last_name", "instructions", "language", "theme")
        labels = {"instructions": gettext_lazy("Instructions for the model")}
        help_texts = {
            "instructions": gettext_lazy(
                "Sent with every message of yours: who you are, how you like replies."
            )
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if get_language().startswith("zh"):
            self.order_fields(["last_name", "first_name"])
        if is_of_directory(self.instance):
            for name in ("first_name", "last_name"):
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Comes from your organisation at each sign-in.")

    def clean_instructions(self):
        """Return the instructions with "\\n" as line ends."""
        return self.cleaned_data["instructions"].replace("\r\n", "\n")


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request):
    """Return the account page of the logged-in person. POST saves the form and redirects to the
    page (303), or returns the form with its errors (422)."""
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method != "POST":
        return render(request, "account/account.html", _page(request, form))
    if not form.is_valid():
        # What was typed is in the form; the page itself shows what is still stored.
        request.user.refresh_from_db()
        return render(request, "account/account.html", _page(request, form), status=422)
    person = form.save()
    # The note is shown by the next page, which is in the language that was chosen here.
    with override(person.language or get_language_from_request(request)):
        messages.success(request, _("Saved."))
    return SeeOther(request.path)


def _page(request, form):
    """Return the template context of the account page of `request.user`: `form` (an AccountForm),
    the retention rule that applies to them, the notice about reviews of their conversations, and
    how they log in."""
    return {
        "form": form,
        "retention": span_of(request.user),
        "file_retention": span_of(request.user, column="file_days"),
        "review": notice(request.user),
        "of_directory": is_of_directory(request.user),
        "local_login": may_log_in_locally(request.user),
    }
