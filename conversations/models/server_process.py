"""Database model of server processes: their load, for the other processes to see."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class ServerProcess(models.Model):
    """Server process that writes replies and serves event streams, and how busy it is.

    Every process, on all machines, has a row, which it renews every few seconds
    (conversations/replies/capacity.py). An old `heartbeat_at` (by the database's clock) means that
    the process died or is cut off from the database.
    """

    # The UUID that stands on each Response that the process writes.
    lease = models.UUIDField(_("process"), primary_key=True, default=uuid.uuid4, editable=False)
    # Being written, and open, now.
    replies = models.PositiveIntegerField(_("replies"))
    streams = models.PositiveIntegerField(_("event streams"))
    # How many more it would take; none while it is about to exit.
    room_for_replies = models.PositiveIntegerField(_("room for more replies"))
    room_for_streams = models.PositiveIntegerField(_("room for more event streams"))
    heartbeat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("server process")
        verbose_name_plural = _("server processes")
        default_permissions = ("view",)

    def __str__(self):
        return str(self.lease)
