import re
from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractUser, Permission
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from .unicode_field import NormalizedCharField, NormalizedEmailField

# Han, kana and hangul.
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
# "Last seen" is written again only when it is older: not with every request.
SEEN_AGAIN_AFTER = timedelta(minutes=10)


class Person(AbstractUser):
    """An account. "User" is a role of messages, so people are called people."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    # As Django's, but found in either Unicode form.
    username = NormalizedCharField(
        _("username"),
        max_length=150,
        unique=True,
        form="NFKC",  # as `normalize_username` has it
        help_text=AbstractUser._meta.get_field("username").help_text,
        validators=[UnicodeUsernameValidator()],
        error_messages={
            "unique": AbstractUser._meta.get_field("username").error_messages["unique"]
        },
    )
    email = NormalizedEmailField(_("email address"), blank=True)
    instructions = models.TextField(
        _("instructions"),
        blank=True,
        max_length=20_000,
        help_text=_("Steers the model in every conversation of this person."),
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    @property
    def display_name(self):
        """The full name where there is one, else the username. Names in Chinese, Japanese or Korean
        begin with the family's, without a space."""
        if UNSPACED.search(self.first_name + self.last_name):
            return f"{self.last_name}{self.first_name}".strip()
        return self.get_full_name() or self.username

    @property
    def initials(self):
        """One or two letters for the avatar."""
        words = self.display_name.split()
        return "".join(word[0] for word in words[:2]).upper() if words else "?"

    @cached_property
    def assigned(self):
        """Code names of this app's permissions assigned to the person or one of their groups.

        Not `has_perm`: that says yes to every superuser, and being superuser lets nobody review.
        """
        if not self.is_active:
            return frozenset()
        given = Permission.objects.filter(
            Q(user=self) | Q(group__user=self), content_type__app_label="conversations"
        )
        return frozenset(given.values_list("codename", flat=True))

    @property
    def may_review(self):
        """Whether conversations of others are open to the person, within the scope."""
        return "review_conversation" in self.assigned

    @property
    def may_read_access_log(self):
        """Whether the log of all reviews is open to the person; it always is to superusers."""
        return self.is_active and (self.is_superuser or "view_reviewaccess" in self.assigned)

    def seen(self):
        """Note that the person is here now, to within SEEN_AGAIN_AFTER."""
        now = timezone.now()
        if self.last_seen_at is None or self.last_seen_at < now - SEEN_AGAIN_AFTER:
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)

    @classmethod
    def end_sessions(cls, ids, keep=None):
        """Log the people with these `ids` out everywhere, but for the session with the key `keep`;
        their open event streams end within seconds (`conversations.replies.revocation`).

        A session names its person only inside its data, so all that are alive are decoded: a
        third of a second for ten thousand.
        """
        names = {str(person_id) for person_id in ids}
        alive = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=keep)
        ended = [
            session.session_key
            for session in alive.iterator()
            if session.get_decoded().get(SESSION_KEY) in names
        ]
        Session.objects.filter(session_key__in=ended).delete()
