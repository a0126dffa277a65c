from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Person(AbstractUser):
    """An account. "User" is a role of messages, so people are called people."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    instructions = models.TextField(
        _("instructions"),
        blank=True,
        max_length=20_000,
        help_text=_("Steers the model in every conversation of this person."),
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    @property
    def display_name(self):
        """The full name where there is one, else the username."""
        return self.get_full_name() or self.username

    @property
    def initials(self):
        """One or two letters for the avatar."""
        words = self.display_name.split()
        return "".join(word[0] for word in words[:2]).upper() if words else "?"
