"""Access log of reviews: an append-only table of what reviewers and administrators did to people
and conversations, whose rows form a hash chain (SHA-256), so that later changes can be detected.

Over 300 lines since the list of actions and what each has in its columns stand with the model; what
is hashed and how it is verified have to agree.
"""

import hashlib
import json
from datetime import UTC

from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .access_words import AccessWords

# Names of free texts in `detail`: filters that were typed, with search words and usernames. They
# are stored beside the chain, in AccessWords.
TYPED = ("queue", "log")


class Permanent(Exception):
    """Exception raised by every attempt to change or delete a row of the access log through
    Django's ORM."""


class ReviewAccessQuerySet(models.QuerySet):
    """Queryset of the access log: rows can be appended and read, but neither changed nor
    deleted."""

    def record(self, action, **fields):
        """Append a row to the access log, in the caller's transaction or one of its own, and return
        it.

        `action` is one of ReviewAccess.Action, `fields` are the values of further columns. The
        caller must not catch exceptions: an act that cannot be recorded must not happen.
        """
        access = self.model(action=action, **fields)
        access.save(using=self.db)
        return access

    def update(self, **fields):
        """Raise Permanent: rows of the access log cannot be changed."""
        raise Permanent

    def delete(self):
        """Raise Permanent: rows of the access log cannot be deleted."""
        raise Permanent

    delete.alters_data = True
    delete.queryset_only = True

    def bulk_create(self, *args, **kwargs):
        """Raise Permanent: each row needs the hash of the row before it. Use `record`."""
        raise Permanent

    def bulk_update(self, *args, **kwargs):
        """Raise Permanent: rows of the access log cannot be changed."""
        raise Permanent


class ReviewAccess(models.Model):
    """Row of the access log: one act of a reviewer (a search, a reading, an export …) or of the
    administration (a change of permissions or settings, a legal hold, an erasure …). It holds the
    ids of who acted and of the person concerned, the action, the reason, the time and the IP
    address.

    The log is append-only. People and conversations are plain ids, no foreign keys and no names, so
    that no deletion touches a row. It is a hash chain: each row holds the hash of the row before
    it, and `verify` finds what was edited, removed or reordered. Database triggers refuse changes
    (`conversations.database.triggers`).
    """

    class Action(models.TextChoices):
        """Kinds of acts that the access log records."""

        SEARCHED = "searched", _("searched")
        OPENED = "opened", _("opened")
        REOPENED = "reopened", _("opened again")
        SAW_INPUT = "saw_input", _("saw the input")
        SAW_FILE = "saw_file", _("saw a file")
        EXPORTED = "exported", _("exported")
        FLAGGED = "flagged", _("flagged")
        UNFLAGGED = "unflagged", _("took the flag away")
        NOTED = "noted", _("noted")
        REVIEWED = "reviewed", _("marked as reviewed")
        LIMITED = "limited", _("reached the limit of readings")
        CHANGED_SCOPE = "changed_scope", _("changed a scope")
        CHANGED_PERMISSION = "changed_permission", _("changed a permission")
        RESET_FACTOR = "reset_factor", _("reset the second factor")
        ENDED_SESSIONS = "ended_sessions", _("ended the sessions")
        APPLIED_RETENTION = "applied_retention", _("applied the retention rules")
        HELD = "held", _("placed a legal hold")
        RELEASED = "released", _("released a legal hold")
        ORDERED_ERASURE = "ordered_erasure", _("ordered the erasure of a person")
        ERASED = "erased", _("erased a person")
        CHANGED_SETTING = "changed_setting", _("changed a setting")
        EXPORTED_CASE = "exported_case", _("exported for a case")
        FINISHED_EXPORT = "finished_export", _("finished the export of a case")

    class Reason(models.TextChoices):
        """Reasons among which a reviewer chooses before reading."""

        COMPLAINT = "complaint", _("Complaint")
        INCIDENT = "incident", _("Security incident")
        QUALITY = "quality", _("Quality check")
        LEGAL = "legal", _("Legal request")
        OTHER = "other", _("Other")

    # Acts that let a reviewer see text. The owner of the conversation is told of these.
    READING = (Action.OPENED, Action.REOPENED, Action.SAW_INPUT, Action.SAW_FILE)

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("time"))
    # The person who did it; null if a command on the server did.
    reviewer_id = models.BigIntegerField(_("reviewer"), null=True)
    # The owner of the conversation, or the person whose permission or scope was changed.
    owner_id = models.BigIntegerField(_("whose"), null=True)
    conversation_id = models.UUIDField(_("conversation"), null=True)
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, blank=True)
    # The explanation in rows of older versions; that of all others is in AccessWords.
    chained_explanation = models.TextField(blank=True, db_column="explanation")
    # What else belongs to the act, in codes and ids: what was searched for, which Response …
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = ReviewAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access log")
        ordering = ["-number"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at"], name="access_by_time"),
            models.Index(fields=["reviewer_id", "-number"], name="access_by_reviewer"),
            models.Index(fields=["owner_id", "-number"], name="access_by_owner"),
            models.Index(fields=["conversation_id", "-number"], name="access_by_conversation"),
        ]

    def __str__(self):
        return str(self.number)

    def save(self, *args, using=None, **kwargs):
        """Append this row to the access log: set its number, time, previous hash and hash, and
        insert it into the database called `using` (None: the default one). Raise Permanent if it is
        stored already."""
        if not self._state.adding:
            raise Permanent
        using = using or router.db_for_write(type(self), instance=self)
        words = self._take_words()
        with transaction.atomic(using=using):
            head = AccessLogHead.lock(using)
            self.number = head.number + 1
            if words is not None:
                words.number = self.number
                words.save(force_insert=True, using=using)
            self.at = self.at or timezone.now()
            self.previous = head.hash
            self.hash = self.computed_hash()
            super().save(force_insert=True, using=using)
            AccessLogHead.objects.using(using).update(number=self.number, hash=self.hash)

    def delete(self, *args, **kwargs):
        """Raise Permanent: a row of the access log cannot be deleted."""
        raise Permanent

    def _take_words(self):
        """Move the free texts out of this new row into a new AccessWords, put the hash of that into
        `detail["words"]`, and return the AccessWords, unsaved; None if there are no free texts."""
        texts = {name: self.detail[name] for name in TYPED if self.detail.get(name)}
        if self._explanation:
            texts["explanation"] = self._explanation
        if not texts:
            return None
        self._words = AccessWords.of(texts)
        kept = {name: value for name, value in self.detail.items() if name not in TYPED}
        self.detail = {**kept, "words": self._words.computed_hash()}
        return self._words

    # `_explanation` is that of a new row; `_words` are its AccessWords, once made or read.
    _explanation = ""
    _words = None

    @property
    def words(self):
        """Return the free texts that people typed in this act, as a dict by name ("explanation",
        "queue" …); {} if there are none or an erasure emptied them. Read from AccessWords by a
        query, unless `load_words` has read them."""
        if self._words is None and "words" in self.detail:
            self._words = AccessWords.objects.filter(pk=self.number).first()
        return self._words.words if self._words else {}

    @property
    def explanation(self):
        """Return the reason for the act in the reviewer's own words (text); "" if there is none or
        it was erased."""
        return self._explanation or self.words.get("explanation", self.chained_explanation)

    @explanation.setter
    def explanation(self, text):
        self._explanation = text

    @classmethod
    def load_words(cls, rows):
        """Read the free texts (`words`) of `rows`, a list of ReviewAccess, by one query, and keep
        them in the rows."""
        found = AccessWords.objects.in_bulk([row.number for row in rows if "words" in row.detail])
        for row in rows:
            row._words = found.get(row.number) or AccessWords()

    def computed_hash(self, number=None):
        """Return the SHA-256 of the row's fields (except `hash`; the previous row's hash is among
        them), as 64 hexadecimal digits. With `number` the hash is computed as if the row had that
        number."""
        said = [
            self.number if number is None else number,
            self.at.astimezone(UTC).isoformat(),
            self.reviewer_id,
            self.owner_id,
            str(self.conversation_id) if self.conversation_id else None,
            str(self.action),
            str(self.reason),
            self.chained_explanation,
            self.detail,
            self.address,
            self.request_id,
            self.previous,
        ]
        written = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    @property
    def was_moved(self):
        """Return True if only the number of this row was changed after it was written: the stored
        hash fits the row's content under another number, next to its neighbours in the chain or at
        most 50 away."""
        rows = type(self).objects
        before = rows.filter(hash=self.previous).values_list("number", flat=True)
        after = rows.filter(previous=self.hash).values_list("number", flat=True)
        numbers = {number + 1 for number in before} | {number - 1 for number in after}
        # Where all rows around it were renumbered, to close a gap, comparing neighbours misleads.
        numbers.update(range(max(1, self.number - 50), self.number + 51))
        return any(self.computed_hash(number) == self.hash for number in numbers)

    @classmethod
    def verify(cls):
        """Check the hash chain of the whole access log, oldest row first. Yield `(number, what)`
        for each row that differs from what was written; `what` is "edited", "removed", "reordered"
        or "added".

        Rows removed from the end are found by comparison with the AccessLogHead. Rows are read by
        the thousand, so that memory does not grow with the log.
        """
        head = AccessLogHead.current()
        expected, before = 1, None
        for row in cls.objects.order_by("number").iterator(chunk_size=1000):
            yield from ((number, "removed") for number in range(expected, row.number))
            whole = row.computed_hash() == row.hash
            if not whole:
                yield row.number, "reordered" if row.was_moved else "edited"
            elif row.number > head.number:
                yield row.number, "added"
            elif row.number == expected and (before.hash if before else "") != row.previous:
                # The previous hash of this row is another: the row before it was rewritten together
                # with its hash.
                if before and before.computed_hash() == before.hash:
                    yield before.number, "edited"
                elif not before:
                    yield row.number, "edited"
            expected, before = row.number + 1, row
        yield from ((number, "removed") for number in range(expected, head.number + 1))
        if before and before.number == head.number and before.hash != head.hash:
            if before.computed_hash() == before.hash:
                yield before.number, "edited"

    @classmethod
    def verify_words(cls):
        """Compare the free texts (AccessWords) with their hashes in the access log, oldest row
        first. Yield `(number, what)` for each row whose texts were changed; `what` is "edited in
        its words" or "stripped of its words". Texts that a recorded erasure emptied are no
        fault."""
        last = 0
        while True:
            rows = cls.objects.filter(number__gt=last, detail__has_key="words")
            some = list(rows.order_by("number")[:1000])
            if not some:
                return
            found = AccessWords.objects.in_bulk([row.number for row in some])
            for row in some:
                words = found.get(row.number)
                if words is None or (not words.salt and not row._is_emptied_by(words.erased_by)):
                    yield row.number, "stripped of its words"
                elif words.salt and words.computed_hash() != row.detail["words"]:
                    yield row.number, "edited in its words"
            last = some[-1].number

    def _is_emptied_by(self, number):
        """Return True if row `number` of the access log orders the erasure of a person whom this
        row names, so that its free texts may be empty. Also True for searches and for downloads of
        the access log, whose typed filters may name anybody."""
        orders = type(self).objects.filter(action=self.Action.ORDERED_ERASURE)
        erasure = orders.filter(number=number).first()
        if erasure is None:
            return False
        named = erasure.owner_id in (self.owner_id, self.reviewer_id)
        return named or self.action in (self.Action.SEARCHED, self.Action.EXPORTED)


class AccessLogHead(models.Model):
    """Head of the access log: number and hash of its last row. Its table has one row, which whoever
    appends to the log locks, so that rows are appended one after the other.

    It shows when rows were removed from the end, which a chain alone cannot. Whoever can set it
    back can hide even that, so it is also written outside of the database
    (`conversations.review.access_log_heads`).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            # A second row could be moved by no trigger's rule, and no act could be recorded.
            models.CheckConstraint(condition=models.Q(id=1), name="access_log_has_one_head")
        ]

    def __str__(self):
        """Return the head as text, `NUMBER:HASH` like `12:9f86d0…`; `0:` for an empty log."""
        return f"{self.number}:{self.hash}"

    @classmethod
    def current(cls):
        """Return the stored AccessLogHead, or an unsaved one with number 0 where the table is
        empty."""
        return cls.objects.first() or cls(number=0)

    @classmethod
    def lock(cls, using):
        """Return the AccessLogHead of the database called `using` and lock its row: others that
        append to the log wait until this transaction ends.

        The first call inserts the row. If it is missing although the log has rows, somebody deleted
        it: the caller's insert of row 1 then raises IntegrityError, so that nothing is recorded or
        done.
        """
        heads = cls.objects.using(using)
        head = heads.select_for_update().first()
        if head is None:
            heads.bulk_create([cls()], ignore_conflicts=True)
            head = heads.select_for_update().get()
        return head
