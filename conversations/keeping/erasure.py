"""Erasure of a person: deletes their conversations, files, feedback, drafts, sessions and log-in
data. The rows of Responses (tokens and cost) and of the access log stay, under a pseudonym.

`order` creates an Erasure and `piece` does the next short piece of one, so that other writers never
wait long. An erasure is refused under a legal hold. Deleted text is also removed from the full-text
search index and from free pages of the database's files. `conversations.keeping.erasure_list`
repeats erasures after a backup was restored.

Over 300 lines so that everything that an erasure deletes, and its order, can be checked in one
place.
"""

import secrets
from urllib.parse import parse_qsl, quote_plus

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations.accounts.last_administrator import takes_last_administrator
from conversations.keeping import erasure_list, free_pages, removal
from conversations.models import (
    AccessWords,
    Attachment,
    Budget,
    BudgetChange,
    Conversation,
    Erasure,
    Feedback,
    Hold,
    Invitation,
    Job,
    Message,
    OutgoingMail,
    Person,
    QueuedMessage,
    Response,
    ReviewAccess,
    ReviewSitting,
    UsageScope,
)
from conversations.models.access_log import TYPED
from conversations.models.review_sitting import LASTS
from conversations.rendering.isolated_text import isolated
from conversations.review.record_access import record_change
from conversations.search import index

Phase = Erasure.Phase
CONVERSATIONS = 100  # that are read for one piece
ROWS = 500  # of the ledger that one transaction changes


class UnderHold(Exception):
    """Exception: a person cannot be erased, since they or one of their conversations is under a
    legal hold."""


class LastAdministrator(Exception):
    """Exception: a person cannot be erased, since no other active administrator (superuser) would
    be left."""


def order(person, by=None, pseudonym=""):
    """Create and return the Erasure of `person` (a Person), ordered by the Person `by` (None: a
    command on the server); deactivate the account, end its sessions and record the order in the
    access log. If the person has an unfinished Erasure, only return that. Call `piece` until it
    returns False.

    `pseudonym` is that of an earlier erasure, to repeat it after a backup was restored ("": a new
    one is made). Raise UnderHold or LastAdministrator if the person cannot be erased.
    """
    with transaction.atomic():
        _check_hold(person.pk)
        if takes_last_administrator([person.pk]):
            raise LastAdministrator
        erasure = Erasure.objects.filter(person_id=person.pk, finished_at=None).first()
        if erasure is not None:
            return erasure
        Person.objects.filter(pk=person.pk).update(is_active=False)
        erasure = Erasure(
            person_id=person.pk,
            fingerprint=Erasure.fingerprint_of(person),
            pseudonym=pseudonym or f"erased-{secrets.token_hex(6)}",
            asked_by=by and by.pk,
        )
        erasure.count(sessions=Person.end_sessions([person.pk]), **_contents(person))
        erasure.save(force_insert=True)
        row = record_change(
            ReviewAccess.Action.ORDERED_ERASURE,
            owner_id=person.pk,
            detail={"erasure": str(erasure.pk)},
        )
        erasure.row = row.number
        erasure.save()
    return erasure


def _contents(person):
    """Return `{kind: number of rows}` for the receipt: how many conversations, messages, feedback,
    drafts (QueuedMessages) and files `person` has."""
    return {
        "conversations": Conversation.objects.filter(owner=person).count(),
        "messages": Message.objects.filter(conversation__owner=person).count(),
        "feedback": Feedback.objects.filter(message__conversation__owner=person).count(),
        "drafts": QueuedMessage.objects.filter(conversation__owner=person).count(),
        "files": Attachment.with_hidden.filter(owner=person).count(),
    }


def piece(erasure):
    """Do the next short piece of the Erasure `erasure`, in a transaction unless
    `needs_no_transaction`; return True if there is more to do. Raise UnderHold if a legal hold was
    placed meanwhile, OSError if ERASURES_FILE cannot be written: call it again once the hold is
    released, or the file can be written."""
    if needs_no_transaction(erasure):
        _PIECES[erasure.phase](erasure)
    else:
        with transaction.atomic():
            _PIECES[erasure.phase](erasure)
    return erasure.phase != Phase.DONE


def needs_no_transaction(erasure):
    """Return True if `piece` must not be called within a transaction: the next piece of the Erasure
    clears free pages of the database's files, which no transaction allows."""
    return erasure.phase == Phase.PAGES


def _check_hold(person_id):
    """Raise UnderHold if the person with this id, or one of their conversations, is under a legal
    hold."""
    if Hold.concerns(person_id):
        raise UnderHold


def _conversations(erasure):
    """Delete some conversations of the person who is erased, or some messages of a long one; if no
    conversation is left, go on to the next phase. Raise UnderHold under a legal hold."""
    _check_hold(erasure.person_id)
    theirs = Conversation.objects.filter(owner_id=erasure.person_id).order_by("pk")
    some = list(theirs[:CONVERSATIONS])
    if some:
        removal.remove_piece(some)
    else:
        _go_on(erasure, Phase.LEDGER)


def _ledger(erasure):
    """Replace the username by the pseudonym in some of the person's Responses (the ledger); if none
    is left, go on to the next phase."""
    rows = Response.objects.filter(person_id=erasure.person_id).exclude(username=erasure.pseudonym)
    some = list(rows.values_list("pk", flat=True)[:ROWS])
    if not some:
        _go_on(erasure, Phase.ACCOUNT)
        return
    erasure.count(
        ledger_rows=Response.objects.filter(pk__in=some).update(username=erasure.pseudonym)
    )
    erasure.save()


def _account(erasure):
    """Delete the account with all that belongs to it, put the pseudonym in place of its name where
    that is stored as text, add the erasure to ERASURES_FILE, and go on to the next phase. Raise
    UnderHold under a legal hold, OSError if the file cannot be written."""
    _check_hold(erasure.person_id)
    person = Person.objects.filter(pk=erasure.person_id).first()
    if person is not None:
        addresses = _addresses(person)
        _delete_mails(erasure, person, addresses)
        _delete_uploads(person)
        _empty_words(erasure, person, addresses)
        # Expired sessions too: one of single sign-on holds an ID token with the person's name.
        Session.objects.filter(expire_date__lte=timezone.now()).delete()
        name = person.username
        _deleted, by_model = person.delete()
        for label, number in by_model.items():
            erasure.count(**{label.rpartition(".")[2].lower(): number})
        # Afterwards, since the deletion of a budget is noted in its history.
        _replace_name(erasure, name, addresses)
    erasure_list.append(erasure)
    _go_on(erasure, Phase.INDEX)


def _addresses(person):
    """Return the set of e-mail addresses of `person`, in lower case."""
    found = {person.email, *person.emailaddress_set.values_list("email", flat=True)}
    return {address.lower() for address in found if address}


def _delete_mails(erasure, person, addresses):
    """Delete the Invitations that `person` accepted or that were sent to one of their e-mail
    `addresses` (in lower case), and the OutgoingMails to these; count both in the receipt."""
    for address in addresses:
        mails = OutgoingMail.objects.filter(recipients__icontains=address)
        # Without e-mails to a longer address that contains this one.
        theirs = [mail.pk for mail in mails if address in mail.recipients.lower().split(", ")]
        erasure.count(mails=OutgoingMail.objects.filter(pk__in=theirs).delete()[0])
    invited = Q(person=person)
    for address in addresses:
        invited |= Q(email__iexact=address)
    invitations = Invitation.objects.filter(invited)
    _replace_notes(erasure, Invitation, Q(object_id__in=[str(each.pk) for each in invitations]))
    erasure.count(invitations=invitations.delete()[1].get(Invitation._meta.label, 0))


def _delete_uploads(person):
    """Delete the files that `person` uploaded for imports."""
    for name in person.jobs.filter(kind=Job.Kind.IMPORT).values_list("subject", flat=True):
        if name:
            (settings.IMPORT_FOLDER / name).unlink(missing_ok=True)


def _empty_words(erasure, person, addresses):
    """Empty the free texts (AccessWords) of those rows of the access log that are about `person` or
    by them, or are searches and exports filtered by their name or one of their e-mail `addresses`.

    Put the pseudonym in place of the reasons of legal holds on the person and their conversations.
    Delete the ReviewSittings (a reviewer's access with its stated reason) about the conversations.
    """
    theirs = ReviewAccess.objects.filter(Q(owner_id=person.pk) | Q(reviewer_id=person.pk))
    numbers = set(theirs.filter(detail__has_key="words").values_list("number", flat=True))
    numbers |= _filtered_by(person, addresses) | _searches_for_the_same_reason(theirs)
    emptied = AccessWords.objects.filter(number__in=numbers).exclude(salt="")
    erasure.count(log_texts=emptied.update(salt="", words={}, erased_by=erasure.row))
    about = theirs.filter(owner_id=person.pk, conversation_id__isnull=False)
    ids = about.values("conversation_id")
    # A sitting that has not ended holds the same reason as text.
    ReviewSitting.objects.filter(conversation_id__in=ids).delete()
    holds = QuerySet(Hold).filter(Q(person_id=person.pk) | Q(conversation_id__in=ids))
    holds.update(reason=erasure.pseudonym, release_reason="")


def _filtered_by(person, addresses):
    """Return the set of the numbers of those rows of the access log (searches, exports) in which a
    filter that the reviewer typed is the username of `person`, or contains their full name or one
    of their e-mail `addresses` (in lower case)."""
    known = set(addresses)
    if person.first_name and person.last_name:
        known |= {person.get_full_name().casefold(), person.display_name.casefold()}
    # Filters are stored as the query of a URL. The first three may have the name as it was typed,
    # in another Unicode form or with blanks.
    marks = ["person=", "owner=", "reviewer=", *map(quote_plus, {person.username, *known})]
    about = Q()
    for mark in marks:
        about |= Q(words__icontains=mark)
    found = set()
    for words in AccessWords.objects.filter(about).iterator(1000):
        filters = "&".join(words.words.get(name, "") for name in TYPED)
        for _name, value in parse_qsl(filters):
            typed = Person.normalize_username(value).strip()
            if typed == person.username or any(each in value.casefold() for each in known):
                found.add(words.number)
    return found


def _searches_for_the_same_reason(rows):
    """Return the set of the numbers of those searches in the access log that have the same stated
    reason (`explanation`) and reviewer as a reading among `rows` (a queryset of ReviewAccess), at
    most LASTS (one hour) before or after it: a reason once stated also applies to later searches,
    whose rows name no owner."""
    found = set()
    for row in rows.filter(action__in=ReviewAccess.READING):
        if row.explanation:
            searches = ReviewAccess.objects.filter(
                reviewer_id=row.reviewer_id,
                action=ReviewAccess.Action.SEARCHED,
                at__range=(row.at - LASTS, row.at + LASTS),
            )
            found |= {each.number for each in searches if each.explanation == row.explanation}
    return found


def _replace_name(erasure, name, addresses):
    """Put the pseudonym in place of the username `name` and of the e-mail `addresses` where they
    are stored as text: in the history of budgets (BudgetChange) and of the administration
    (LogEntry)."""
    for column in ("by", "holder"):
        changes = BudgetChange.objects.filter(**{column: name})
        erasure.count(budget_changes=changes.update(**{column: erasure.pseudonym}))
    _replace_notes(erasure, Person, Q(object_id=str(erasure.person_id)))
    # The history names rows by their text (`__str__`), even those deleted long ago.
    _replace_notes(erasure, Budget, Q(object_repr__startswith=f"{isolated(name)}: "))
    _replace_notes(erasure, UsageScope, Q(object_repr=name))
    for address in addresses:
        _replace_notes(erasure, Invitation, Q(object_repr__iexact=address))


def _replace_notes(erasure, model, which):
    """Put the pseudonym in place of the name of the changed row, and empty the message, in those
    entries of the administration's history (LogEntry) about rows of `model` (a model class) that
    match `which` (a Q); count them in the receipt."""
    about = LogEntry.objects.filter(which, content_type=ContentType.objects.get_for_model(model))
    notes = about.update(object_repr=erasure.pseudonym, change_message="")
    erasure.count(administration_notes=notes)


def _index(erasure):
    """Merge a piece of the full-text search index, since SQLite keeps deleted words in it until
    then; if all is merged, go on to the next phase."""
    if index.database().merge_piece():
        return
    _go_on(erasure, Phase.PAGES)


def _pages(erasure):
    """Remove deleted text from the database's files (`free_pages`); then mark the erasure as done,
    and record the hash of its receipt in the access log."""
    erasure.count(pages_cleared=int(free_pages.clear()))
    with transaction.atomic():
        erasure.finished_at = timezone.now()
        _go_on(erasure, Phase.DONE)
        record_change(
            ReviewAccess.Action.ERASED,
            reviewer_id=erasure.asked_by,
            owner_id=erasure.person_id,
            detail={"erasure": str(erasure.pk), "receipt": erasure.receipt()["hash"]},
        )


def _go_on(erasure, phase):
    """Store `phase` (an Erasure.Phase) as the next one of the Erasure."""
    erasure.phase = phase
    erasure.save()


_PIECES = {
    Phase.CONVERSATIONS: _conversations,
    Phase.LEDGER: _ledger,
    Phase.ACCOUNT: _account,
    Phase.INDEX: _index,
    Phase.PAGES: _pages,
}
