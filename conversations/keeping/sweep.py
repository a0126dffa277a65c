"""Sweep: deletes all conversations and files that are due, in short pieces, and counts them.

Due are conversations by the retention rules, temporary ones, those whose days in the trash are
over, and those that were deleted under a legal hold which has been released since.
"""

from django.db.models import Exists, OuterRef, Q

from conversations.conversation_list import trash
from conversations.keeping import removal, retention
from conversations.models import Attachment, Hold, RetentionRule, ReviewAccess

AT_ONCE = 200  # conversations that are read by one query

# Keys of `Sweep.counts`: why conversations are deleted.
RULES, TEMPORARY, TRASH, RELEASED = "rules", "temporary", "trash", "released"
FILES = "files"  # of conversations that stay


class Sweep:
    """One pass that deletes all that is due at the datetime `now` (None: the current time of each
    query). The attribute `counts` is a dict by kind: the numbers of conversations deleted or hidden
    (RULES, TEMPORARY, TRASH, RELEASED) and of files (FILES), and under "held" how many of these
    conversations were only hidden under a legal hold. To continue an interrupted pass, give its
    `counts`."""

    def __init__(self, now=None, counts=None):
        self.counts = {RULES: 0, TEMPORARY: 0, TRASH: 0, RELEASED: 0}
        self.counts |= {FILES: 0, "held": 0, **(counts or {})}
        self._now = now
        self._due = self._all_due()
        self._open = None

    def next(self):
        """Return `(kind, list of Conversations)`, the next arguments for `remove`; None when
        nothing is left. `kind` is a key of `counts`: why the conversations are due, or FILES if
        only files of theirs are. The same list is returned until `remove` has emptied it. Only
        reads; call it outside of the transaction of `remove`, which has to be short."""
        if self._open is None or not self._open[1]:
            self._open = next(self._due, None)
        return self._open

    def remove(self, kind, conversations):
        """Delete for good some of `conversations`, a list that `next` returned with `kind`, in one
        short transaction; those under a legal hold are hidden from their owners. Those that are
        done are counted and taken out of the list. With the kind FILES, only files of the first
        conversation are deleted."""
        if kind == FILES:
            count, is_whole = removal.remove_files(conversations[0])
            self.counts[kind] += count
            if is_whole:
                conversations.pop(0)
            return
        deleted, hidden = removal.remove_piece(conversations)
        self.counts[kind] += len(deleted) + len(hidden)
        self.counts["held"] += len(hidden)
        gone = {conversation.pk for conversation in (*deleted, *hidden)}
        conversations[:] = [each for each in conversations if each.pk not in gone]

    def record(self, record):
        """Record the pass in the access log, with its counts, by calling `record(action,
        detail=…)`; the function is `conversations.review.record_access.record_change` as a rule. Do
        nothing if nothing was deleted and there are no retention rules."""
        if any(self.counts.values()) or RetentionRule.objects.exists():
            record(ReviewAccess.Action.APPLIED_RETENTION, detail=dict(self.counts))

    def _all_due(self):
        """Yield `(kind, list of Conversations)` of all conversations that are due for deletion, in
        lists of at most AT_ONCE; `kind` as in `due`."""
        for kind, conversations in due(self._now):
            yield from ((kind, batch) for batch in _in_order(conversations))


def due(now=None):
    """Return a list of `(kind, queryset of Conversations)` of all that is due for deletion at the
    datetime `now` (None: the current time). `kind` is a key of `Sweep.counts`; with FILES only the
    files of the conversations are due. A conversation may be due by several kinds."""
    found = [
        (TEMPORARY if span.temporary else RULES, span.due(now))
        for span in retention.spans()
        if span.days is not None
    ]
    found += [(TRASH, trash.due(now)), (RELEASED, removal.released())]
    # Last, so that files of conversations which are deleted too are not deleted one by one.
    return [*found, *((FILES, _with_files(span.due(now))) for span in spans_of_files())]


def spans_of_files():
    """Return the list of retention Spans that delete files from conversations after `file_days`."""
    return [span for span in retention.spans(column="file_days") if span.days is not None]


def _with_files(conversations):
    """Return a queryset of those of `conversations` (a queryset) that have files which are not
    hidden from their owner."""
    files = Attachment.objects.filter(conversation=OuterRef("pk"), message__isnull=False)
    return conversations.filter(Exists(files))


def counts(now=None):
    """Return how much a Sweep at the datetime `now` (None: the current time) would delete, as a
    dict: numbers by kind, and under "held" of what a legal hold keeps. Nothing is deleted."""
    found, others = Sweep().counts, Q()
    for kind, conversations in due(now):
        # A conversation that is due by several kinds is counted under the first.
        rest = conversations.filter(others)
        if kind == FILES:
            found[kind] += Attachment.objects.filter(
                conversation__in=rest.values("pk"), message__isnull=False
            ).count()
            continue
        found[kind] += rest.count()
        if kind != RELEASED:
            found["held"] += rest.filter(Hold.of_conversation()).count()
        others &= ~Q(pk__in=conversations.values("pk"))
    return found


def remove_next(now=None):
    """Delete, in one short transaction, some of what is due even without retention rules at the
    datetime `now` (None: the current time): conversations that are temporary, or whose days in the
    trash are over, or that were deleted under a legal hold which was released since; if there are
    none, one file deleted under such a hold. Return True if something was deleted, else False."""
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
    """Yield lists of at most AT_ONCE Conversations of the queryset `conversations`, those with the
    oldest last message first. Each list is read by a query that begins after the last one of the
    list before."""
    last = None
    while True:
        ordered = conversations.order_by("updated_at", "id").only("owner_id", "updated_at")
        batch = list((ordered if last is None else ordered.filter(_behind(last)))[:AT_ONCE])
        if not batch:
            return
        last = batch[-1]
        yield batch


def _behind(last):
    """Return the condition (Q) for Conversations that come after `last` (a Conversation) in the
    order of `updated_at` and id. Its lower bound of `updated_at` is redundant, but lets the
    database use an index."""
    later = Q(updated_at__gt=last.updated_at) | Q(updated_at=last.updated_at, id__gt=last.pk)
    return later & Q(updated_at__gte=last.updated_at)
