"""Search page: finds a person's conversations by words in their text and titles."""

from datetime import datetime, time, timedelta

from django import forms
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from conversations.form_fields import DayField
from conversations.models import Conversation
from conversations.rendering.isolated_text import isolated
from conversations.search import BEST, NEWEST, parse
from conversations.search import search as find
from conversations.search.file_names import files_named
from conversations.search.query import LENGTH
from conversations.search.results import PLACES, results
from conversations.thread.page import as_uuid
from conversations.views.ownership import person_required

IN_ONE_CONVERSATION = 200  # places shown where only one is searched


class SearchForm(forms.Form):
    """Form of the search page: words, model, dates and order. `data` are the parameters of the URL;
    the choices of a model are those used in the conversations of `person` (a Person)."""

    q = forms.CharField(label=_("Search"), required=False)
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[(NEWEST, _("Newest first")), (BEST, _("Best first"))],
    )
    model = forms.ChoiceField(label=_("Model"), required=False)
    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def __init__(self, data, person):
        super().__init__(data)
        # No validators: any text can be searched for, also one with NUL characters.
        self.fields["q"].validators = []
        mine = Conversation.objects.of(person).filter(temporary=False)
        names = mine.exclude(model="").order_by("model")
        names = names.values_list("model", flat=True).distinct()
        self.fields["model"].choices = [
            ("", _("Any model")),
            *((name, isolated(name)) for name in names),
        ]

    def clean_q(self):
        """Return the words to search for, cut to LENGTH characters."""
        return self.cleaned_data["q"][:LENGTH]

    def narrowed(self):
        """Return the keyword arguments `order`, `model`, `since` and `until` for `find`, from the
        valid fields of the form. The latter two are aware datetimes, `until` exclusive; None: no
        limit."""
        cleaned = self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        return {
            "order": cleaned.get("order") or NEWEST,
            "model": cleaned.get("model", ""),
            "since": _midnight(since) if since else None,
            "until": _midnight(until + timedelta(days=1)) if until else None,
        }


@person_required
@require_safe
def search(request):
    """Return the page of the person's conversations that contain all words of `?q=`, with excerpts
    in which the words are marked. Its first page also has files whose names contain the words, be
    it as parts of longer words. As the fragment "rows" it is only the results, for search as one
    types.

    `?in=` is the id of the one conversation to search; `?before=` (the id of a result) and
    `?start=` (a number of results to skip) say where the next page begins.
    """
    form = SearchForm(request.GET, request.user)
    form.is_valid()
    phrases = parse(form.cleaned_data.get("q", ""))
    one = as_uuid(request.GET.get("in"))
    context = {"form": form, "typed": form.cleaned_data.get("q", ""), "asked": bool(phrases)}
    if phrases:
        narrowed = form.narrowed()
        order = narrowed.pop("order")
        hits = find(
            phrases,
            [request.user.pk],
            conversation=one,
            before=_number(request.GET.get("before")),
            order=order,
            **narrowed,
        )
        start = _number(request.GET.get("start")) or 0
        places = IN_ONE_CONVERSATION if one else PLACES
        context["results"], used = results(hits[start:], phrases, places)
        context["only"] = one
        if not ("before" in request.GET or "start" in request.GET):
            # Those whose names have the words somewhere within, and that are not shown otherwise.
            found = files_named(request.user, context["typed"], conversation=one, **narrowed)
            shown = {place.file for result in context["results"] for place in result.places}
            context["files"] = [file for file in found if file not in shown]
        rest = request.GET.copy()
        rest.pop("before", None)
        rest.pop("start", None)
        if start + used < len(hits):
            if order == NEWEST:
                rest["before"] = hits[start + used - 1].id
            else:
                rest["start"] = start + used
            context["rest"] = rest.urlencode()
    name = "_found" if request.fragment == "rows" else "search"
    return render(request, f"conversations/{name}.html", context)


def _midnight(day):
    """Return the first moment of the date `day` in the active time zone, as an aware datetime."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _number(text):
    """Return the integer written in `text`, from 0 to below 10¹⁸; None for other text and for
    None."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text)
