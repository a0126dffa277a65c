"""The sweep: deletes all conversations that are due, piece by piece, and counts them.

Due are conversations by the retention rules, temporary ones, those whose days in the trash are
over, and those that were deleted under a legal hold which has been released since.
"""

from django.db.models import Exists, OuterRef, Q

from conversations.conversation_list import trash
from conversations.keeping import removal, retention
from conversations.models import Attachment, Hold, RetentionRule, ReviewAccess

AT_ONCE = 200  # conversations that are read by one query

# What the conversations of a Sweep are counted by.
RULES, TEMPORARY, TRASH, RELEASED = "rules", "temporary", "trash", "released"
FILES = "files"  # of conversations that stay


class Sweep:
    """One pass over all conversations that are due at the time `now` (datetime; None: the time of
    each query). `counts` (a dict, to continue an interrupted pass) has the number of conversations
    by kind, and of those that a hold keeps (`held`)."""

    def __init__(self, now=None, counts=None):
        self.counts = {RULES: 0, TEMPORARY: 0, TRASH: 0, RELEASED: 0}
        self.counts |= {FILES: 0, "held": 0, **(counts or {})}
        self._now = now
        self._due = self._all_due()
        self._open = None

    def next(self):
        """Return the next conversations that are due, as `(kind, list of Conversations)`; None at
        the end. The list is the same as before as long as `remove` has left any in it. It is not in
        a transaction, and nothing is changed."""
        if self._open is None or not self._open[1]:
            self._open = next(self._due, None)
        return self._open

    def remove(self, kind, conversations):
        """Delete some of the list `conversations`, that `next` returned, for good, or hide them
        under a hold, in one short transaction; count them and take them out of the list."""
        if kind == FILES:
            self.counts[kind] += removal.remove_files(conversations.pop(0))
            return
        deleted, hidden = removal.remove_piece(conversations)
        self.counts[kind] += len(deleted) + len(hidden)
        self.counts["held"] += len(hidden)
        gone = {conversation.pk for conversation in (*deleted, *hidden)}
        conversations[:] = [each for each in conversations if each.pk not in gone]

    def record(self, record):
        """Record the pass in the access log by calling `record(action, detail=…)`, unless there are
        no rules and it deleted nothing."""
        if any(self.counts.values()) or RetentionRule.objects.exists():
            record(ReviewAccess.Action.APPLIED_RETENTION, detail=dict(self.counts))

    def _all_due(self):
        for kind, conversations in due(self._now):
            yield from ((kind, batch) for batch in _in_order(conversations))


def due(now=None):
    """Return `[(kind, queryset of Conversations)]` of all that is due at the time `now` (datetime;
    None: the current time)."""
    found = [
        (TEMPORARY if span.temporary else RULES, span.due(now))
        for span in retention.spans()
        if span.days is not None
    ]
    found += [(TRASH, trash.due(now)), (RELEASED, removal.released())]
    # Last, so that files of conversations that go are not deleted one by one before.
    return [*found, *((FILES, _with_files(span.due(now))) for span in spans_of_files())]


def spans_of_files():
    """Return the retention Spans for files that are shorter than their conversations are kept."""
    return [span for span in retention.spans(column="file_days") if span.days is not None]


def _with_files(conversations):
    """Return a queryset of those `conversations` that have files which are shown to their owner."""
    files = Attachment.objects.filter(conversation=OuterRef("pk"), message__isnull=False)
    return conversations.filter(Exists(files))


def counts(now=None):
    """Return what a Sweep would count at the time `now`, without deleting anything."""
    found = Sweep().counts
    for kind, conversations in due(now):
        if kind == FILES:
            found[kind] += Attachment.objects.filter(
                conversation__in=conversations.values("pk"), message__isnull=False
            ).count()
            continue
        found[kind] += conversations.count()
        if kind != RELEASED:
            found["held"] += conversations.filter(Hold.of_conversation()).count()
    return found


def remove_next(now=None):
    """Delete, in one short transaction, some conversations that are due at the time `now` (None:
    the current time) without any rule, or a piece of a long one: temporary ones, those in the
    trash, those that are held no longer; else a file. Return True if there was one, False if there
    is nothing to do."""
    for kind, conversations in due(now):
        if kind not in (RULES, FILES):
            some = list(conversations.order_by("updated_at")[:AT_ONCE])
            if some:
                removal.remove_piece(some)
                return True
    file = removal.released_files().first()
    if file is not None:
        file.delete()
    return file is not None


def _in_order(conversations):
    """Yield lists of `conversations` (a queryset), those whose last message is oldest first, by
    short queries, each of which begins where the one before it ended."""
    last = None
    while True:
        ordered = conversations.order_by("updated_at", "id").only("owner_id", "updated_at")
        batch = list((ordered if last is None else ordered.filter(_behind(last)))[:AT_ONCE])
        if not batch:
            return
        last = batch[-1]
        yield batch


def _behind(last):
    """Return the condition for conversations that come after `last` (a Conversation) in that order.

    The bound on the time alone follows from the rest, but lets the database begin there in an
    index.
    """
    later = Q(updated_at__gt=last.updated_at) | Q(updated_at=last.updated_at, id__gt=last.pk)
    return later & Q(updated_at__gte=last.updated_at)
