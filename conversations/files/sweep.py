"""Deletion of files: an Attachment (row) is deleted with its message, the stored bytes when no
Attachment uses them any more.

A StoredFile (row for the bytes) that loses an Attachment is marked in the same transaction
(`unheld_since`). Its bytes are deleted after the commit; in a bucket, or if the process dies first,
by a periodic task, which looks at marked rows only.
"""

import logging
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from conversations.files import storage
from conversations.models import Attachment, StoredFile

logger = logging.getLogger(__name__)

DRAFT_HOURS = 24  # that a file is kept which was not sent
# For so long a file may be written before it has an Attachment.
INTAKE = timedelta(hours=1)
PIECE = 20  # files of one piece of the sweep


def forget(sender, instance, **kwargs):
    """Mark the StoredFile of the deleted Attachment `instance` as perhaps unused. Its bytes are
    deleted after the transaction (in a bucket by the periodic task) if no other Attachment uses
    them. Receiver of Django's signal post_delete."""
    if instance.stored_id is None:
        return
    StoredFile.objects.filter(pk=instance.stored_id, unheld_since=None).update(
        unheld_since=timezone.now()
    )
    # A bucket may answer slowly, and replies wait for what is deleted: that is for the sweep.
    if settings.FILES_ARE_LOCAL:
        transaction.on_commit(partial(remove_or_leave, instance.stored_id))


def remove_or_leave(stored_id):
    """Delete the StoredFile with the id `stored_id`, and its bytes, if no Attachment uses it. A
    failure is logged, not raised; the periodic task tries again."""
    try:
        remove([stored_id])
    except Exception:
        logger.exception("Bytes of a deleted file could not be deleted; the sweep tries again.")


def remove(stored_ids):
    """Delete those StoredFiles with the ids `stored_ids` that no Attachment uses, bytes first;
    remove the deletion mark (`unheld_since`) of the others. Raise what the storage raises, such as
    OSError; call it again then to go on."""
    for stored_id in stored_ids:
        with transaction.atomic():
            stored = StoredFile.objects.select_for_update().filter(pk=stored_id).first()
            if stored is None:
                continue
            if Attachment.with_hidden.filter(stored=stored).exists():
                StoredFile.objects.filter(pk=stored_id).update(unheld_since=None)
                continue
            # From here on no Attachment can take it; whoever dies now leaves a row to go on with.
            StoredFile.objects.filter(pk=stored_id).update(doomed_at=timezone.now())
        for name in filter(None, (stored.name, stored.small_name)):
            storage.delete(name)
        StoredFile.objects.filter(pk=stored_id).delete()


def sweep_piece(now=None):
    """Delete up to PIECE files that nobody sent within DRAFT_HOURS, and the bytes of up to PIECE
    StoredFiles that no Attachment uses. Called as a periodic task.

    `now` is the datetime to calculate from (None: the current time). Return True if there may be
    more to delete.
    """
    now = now or timezone.now()
    old = Attachment.objects.unsent().filter(created_at__lt=now - timedelta(hours=DRAFT_HOURS))
    drafts = list(old.order_by("created_at").values_list("pk", flat=True)[:PIECE])
    if drafts:
        Attachment.objects.filter(pk__in=drafts).unsent().delete()
    unheld = StoredFile.objects.filter(unheld_since__isnull=False).filter(
        # One that is being written has no Attachment yet.
        Q(created_at__lt=now - INTAKE) | Q(unheld_since__gt=F("created_at"))
    )
    left = list(unheld.order_by("unheld_since").values_list("pk", flat=True)[:PIECE])
    remove(left)
    return len(drafts) == PIECE or len(left) == PIECE
