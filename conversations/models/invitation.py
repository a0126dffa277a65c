"""Database model of invitations: links with which one person each can make an account."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.signing import BadSignature, Signer
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .unicode_field import NormalizedEmailField

VALID_DAYS = 7
_signer = Signer(salt="conversations.invitation")


def _in_seven_days():
    """Return the datetime VALID_DAYS from now: the default expiry of a new invitation."""
    return timezone.now() + timedelta(days=VALID_DAYS)


class Role(models.TextChoices):
    """Roles that an invitation or a CSV file of people can give to an account, in addition to
    groups."""

    NONE = "", _("none")
    ADMINISTRATOR = "administrator", _("Administrator")
    REVIEWER = "reviewer", _("Reviewer")
    SEES_USAGE = "sees_usage", _("Sees usage")


class Invitation(models.Model):
    """Invitation: whoever has its link may make one account with the address `email`, which gets
    `groups` and `role`. It works once, until `expires_at`, unless it is revoked.

    The link holds the id and a signature by SECRET_KEY, so a copy of the database opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = NormalizedEmailField(_("email address"))
    groups = models.ManyToManyField(Group, blank=True, related_name="+", verbose_name=_("groups"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), default=_in_seven_days, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("person"),
    )

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]

    def __str__(self):
        return self.email

    @property
    def is_open(self):
        """Return True if the invitation can still be used: it was neither used nor revoked, has not
        expired, and whoever made it is still an active administrator."""
        if self.accepted_at or self.revoked_at or timezone.now() >= self.expires_at:
            return False
        return bool(self.invited_by and self.invited_by.is_active and self.invited_by.is_superuser)

    @property
    def state(self):
        """Return the state in one word of the active language: accepted, revoked, open or expired
        (also if whoever made it is no longer an active administrator)."""
        if self.accepted_at:
            return _("accepted")
        if self.revoked_at:
            return _("revoked")
        return _("open") if self.is_open else _("expired")

    @property
    def path(self):
        """Return the path of the invitation's link, with its signed token."""
        return reverse("invitation", args=[_signer.sign(self.pk.hex)])

    @classmethod
    def of_token(cls, token):
        """Return the Invitation for `token`, the last part of its link; None if the token is
        invalid or the invitation can no longer be used (`is_open`)."""
        try:
            found = cls.objects.filter(pk=uuid.UUID(_signer.unsign(token))).first()
        except (BadSignature, ValueError):
            return None
        return found if found and found.is_open else None
