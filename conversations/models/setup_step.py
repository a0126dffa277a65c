"""Database model of steps of the site's setup: what is known of each, and whether it was
dismissed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SetupStep(models.Model):
    """Step of the site's setup, as far as it must be remembered: when it was last done, whether it
    failed since, and who dismissed it. A step has a row once any of that happened; what is open is
    worked out from this and from the settings (`conversations.installation.steps`)."""

    class Name(models.TextChoices):
        """Steps of the site's setup, in the order in which they are shown."""

        GATEWAY = "gateway", _("Connect a gateway")
        MODELS = "models", _("Choose models and enter prices")
        PEOPLE = "people", _("Add people")
        MAIL = "mail", _("Set up mail")
        BACKUP = "backup", _("Make backups")
        TLS = "tls", _("Encrypt connections (TLS)")

    name = models.CharField(max_length=20, primary_key=True, choices=Name.choices)
    # Of the gateway a check that succeeded, of the backup one that was made here.
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # SHA-256 of the settings that were checked: once they change, the result counts no more.
    checked = models.CharField(max_length=64, blank=True)
    dismissed_at = models.DateTimeField(null=True)
    # A person's id, a plain value that stays when the account goes.
    dismissed_by = models.BigIntegerField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.name

    @classmethod
    def note_done(cls, name, checked=""):
        """Store that the step `name` (one of Name) was done just now, and failed no longer;
        `checked` is the SHA-256 (hexadecimal) of the settings that it was done with ("": none)."""
        fields = {"done_at": timezone.now(), "failed_at": None, "checked": checked}
        cls.objects.update_or_create(name=name, defaults=fields)

    @classmethod
    def note_failed(cls, name, checked=""):
        """Store that the step `name` (one of Name) failed just now, and is no longer done;
        `checked` is the SHA-256 (hexadecimal) of the settings that it failed with ("": none)."""
        fields = {"done_at": None, "failed_at": timezone.now(), "checked": checked}
        cls.objects.update_or_create(name=name, defaults=fields)

    @classmethod
    def dismiss(cls, name, person):
        """Mark the step `name` (one of Name) as dismissed by `person` (a Person): it is no longer
        shown as open, to anybody."""
        fields = {"dismissed_at": timezone.now(), "dismissed_by": person.pk}
        cls.objects.update_or_create(name=name, defaults=fields)

    @classmethod
    def restore(cls, name):
        """Undo the dismissal of the step `name` (one of Name)."""
        cls.objects.filter(name=name).update(dismissed_at=None, dismissed_by=None)
