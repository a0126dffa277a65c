"""Sections of the administration's first page and its sidebar: the models and pages by subject,
each with a sentence that says what it is for."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Page:
    """Page to link to that is no list of a model: `url_name` of its URL pattern, `query` (begins
    with "?", or ""), `name` for people, the `sentence` that says what it is for, and `may_open`, a
    function that takes a Person and returns True if they may open it."""

    url_name: str
    name: str
    sentence: str
    may_open: Callable
    query: str = ""

    @property
    def url(self):
        """Return the path of the page with its query."""
        return reverse(self.url_name) + self.query


@dataclass(frozen=True)
class Section:
    """Section of the administration, all about one subject: `key` (its anchor on the first page),
    `name` and `sentence` for people, `models` as `{label: sentence}` (label: as in `section_of`),
    and `pages`, a tuple of Pages."""

    key: str
    name: str
    sentence: str
    models: dict
    pages: tuple = ()


def may_see_settings(person):
    """Return True if `person` (a Person) may see the site's settings and the steps of its setup:
    they have the permission "view_settings"."""
    return person.has_perm("conversations.view_settings")


SECTIONS = (
    Section(
        "people",
        _("People and groups"),
        _("Who has an account here, and what they may do."),
        {
            "conversations.person": _("Accounts: add, deactivate or erase them, and give roles."),
            "auth.group": _("Teams. Models, budgets and rules can be for the members of one."),
            "conversations.invitation": _("Links by which somebody makes their own account."),
            "conversations.directorygroup": _(
                "Which group people get for which value that single sign-on sends."
            ),
        },
    ),
    Section(
        "models",
        _("Models and prices"),
        _("What the gateway offers, and what it costs."),
        {
            "conversations.languagemodel": _("Which models people may choose, and their limits."),
            "conversations.price": _(
                "What tokens cost. Without a price the costs of a model stay unknown."
            ),
            "conversations.toolprice": _("What one use of a tool costs, such as a web search."),
        },
    ),
    Section(
        "spending",
        _("What people may spend"),
        _("Limits of money, tokens and replies, and who keeps an eye on them."),
        {
            "conversations.budget": _("How much a person may use in a day, a week or a month."),
            "conversations.budgetchange": _("Who changed which budget, and when."),
            "conversations.usagescope": _(
                "Which groups somebody with the right to see usage is limited to."
            ),
        },
        (
            Page(
                "usage_people",
                _("Usage per person"),
                _("Tokens and costs of each person, model and day, also as a file."),
                lambda person: person.has_perm("conversations.view_usage"),
            ),
        ),
    ),
    Section(
        "keeping",
        _("Keeping and deleting"),
        _("How long conversations are kept, and what stops their deletion."),
        {
            "conversations.retentionrule": _(
                "After how many days conversations and files are deleted."
            ),
            "conversations.temporarypolicy": _(
                "Who may have conversations that delete themselves."
            ),
            "conversations.hold": _("What must not be deleted, whatever rules and people say."),
            "conversations.erasure": _("Who was erased, each with a receipt."),
        },
    ),
    Section(
        "review",
        _("Review and logs"),
        _("Who may read conversations of others, and the record of who did."),
        {
            "conversations.scope": _("Which groups a reviewer is limited to."),
        },
        (
            Page(
                "review",
                _("Review"),
                _("Conversations of others, each opened with a reason and on record."),
                lambda person: person.may_review,
            ),
            Page(
                "review_log",
                _("Access log"),
                _("Who read what and why, and who gave whom which right."),
                lambda person: person.may_read_access_log,
            ),
            Page(
                "review_log",
                _("Changes in the administration"),
                _("Every change of a price, budget, model, rule or role, before and after."),
                lambda person: person.may_read_access_log,
                query="?action=changed_setting",
            ),
        ),
    ),
    Section(
        "mail",
        _("Mail"),
        _("What the site sends: links for passwords, invitations, confirmations."),
        {"conversations.outgoingmail": _("E-mails that wait to be sent or could not be sent.")},
    ),
    Section(
        "running",
        _("Running the site"),
        _("Whether it works, and how it is set up."),
        {
            "conversations.job": _("Imports, deletions and erasures: waiting, under way, done."),
            "conversations.serverprocess": _("The processes that serve the site, and their load."),
        },
        (
            Page(
                "setup_steps",
                _("Setup"),
                _("What a new site needs, from the gateway to the backup, and what is done of it."),
                may_see_settings,
            ),
            Page(
                "site_settings",
                _("Settings"),
                _("Every setting with its value, where it comes from, and what it means."),
                may_see_settings,
            ),
        ),
    ),
)


def section_of(label):
    """Return the Section with the model `label` (app and model in lower case, with a dot between);
    None if no section has it."""
    return next((section for section in SECTIONS if label in section.models), None)


def sections_for(person, models):
    """Return the sections that `person` sees, as a list of dicts: `key`, `name`, `sentence`, `url`
    (of its place on the first page) and `entries`, a list of dicts with `name`, `sentence`, `url`
    and `add_url` (None: nothing to add). `models` is a dict by label (as in `section_of`) of the
    models that the person may open: the dicts of Django's `AdminSite.get_app_list`. Sections
    without an entry are left out."""
    home = reverse("admin:index")
    found = []
    for section in SECTIONS:
        entries = [
            {
                "name": models[label]["name"],
                "sentence": sentence,
                "url": models[label]["admin_url"],
                "add_url": models[label]["add_url"],
            }
            for label, sentence in section.models.items()
            if label in models
        ]
        entries += [
            {"name": page.name, "sentence": page.sentence, "url": page.url, "add_url": None}
            for page in section.pages
            if page.may_open(person)
        ]
        if entries:
            found.append(
                {
                    "key": section.key,
                    "name": section.name,
                    "sentence": section.sentence,
                    "url": f"{home}#{section.key}",
                    "entries": entries,
                }
            )
    return found
