"""User model of the site (AUTH_USER_MODEL): account, preferences and permissions to review."""

import re
from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractUser, Permission, UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from conversations.database.prepared_query import Parameter, PreparedQuery

from .unicode_field import NameField, NormalizedCharField, NormalizedEmailField

# Han, kana and hangul.
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
# "Last seen" is written again only when it is older: not with every request.
SEEN_AGAIN_AFTER = timedelta(minutes=10)


class PersonManager(UserManager):
    """Django's manager of accounts, with a faster look-up by primary key, which each request
    makes."""

    # The prepared query asks for the columns of today, which an earlier migration has not made yet.
    use_in_migrations = False

    def get(self, *args, **kwargs):
        """Return the one Person that fits the look-ups in `args` and `kwargs`, as a queryset's
        `get` does; raise Person.DoesNotExist if none does, MultipleObjectsReturned if several
        do."""
        if args or kwargs.keys() != {"pk"}:
            return super().get(*args, **kwargs)
        person = _by_key.first(pk=kwargs["pk"])
        if person is None:
            raise self.model.DoesNotExist
        return person


class Person(AbstractUser):
    """Account: Django's user with preferences. It is called a person, since "user" is a role of
    messages."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    # Like Django's username, but a name is found in either Unicode form.
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
    first_name = NameField(_("first name"), max_length=150, blank=True)
    last_name = NameField(_("last name"), max_length=150, blank=True)
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

    objects = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("view_settings", _("Can view the settings of the site"))]

    @property
    def display_name(self):
        """Return the person's full name, or the username if they gave none. Chinese, Japanese and
        Korean names are written family name first, without a space."""
        if UNSPACED.search(self.first_name + self.last_name):
            return f"{self.last_name}{self.first_name}".strip()
        return self.get_full_name() or self.username

    @property
    def initials(self):
        """Return the one or two initials of the name in upper case, for the avatar; "?" if the name
        has no letter or digit."""
        words = self.display_name.split()
        letters = [next(filter(str.isalnum, word), "") for word in words]
        return "".join([letter for letter in letters if letter][:2]).upper() or "?"

    @cached_property
    def assigned(self):
        """Return the code names of this app's permissions that are assigned to the person or to one
        of their groups, as a frozenset of strings like "review_conversation"; empty for an inactive
        account. Cached.

        Not `has_perm`, which is true for every superuser: a superuser may review only if the
        permission is assigned.
        """
        if not self.is_active:
            return frozenset()
        given = Permission.objects.filter(
            Q(user=self) | Q(group__user=self), content_type__app_label="conversations"
        )
        return frozenset(given.values_list("codename", flat=True))

    @property
    def may_review(self):
        """Return True if the person has the permission to review conversations of others. Which
        ones depends on the person's Scopes (`Conversation.objects.reviewable_by`)."""
        return "review_conversation" in self.assigned

    @property
    def administers_models(self):
        """Return True if the person may change the language models in the administration."""
        return self.is_staff and self.has_perm("conversations.change_languagemodel")

    @property
    def may_read_access_log(self):
        """Return True if the person may read the access log of reviews, by an assigned permission
        or as a superuser."""
        return self.is_active and (self.is_superuser or "view_reviewaccess" in self.assigned)

    def seen(self):
        """Store the present time as `last_seen_at` (when the person last used the site), unless it
        was stored less than SEEN_AGAIN_AFTER ago."""
        now = timezone.now()
        if self.last_seen_at is None or self.last_seen_at < now - SEEN_AGAIN_AFTER:
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)

    @classmethod
    def end_sessions(cls, ids, keep=None):
        """Log out the people with these `ids` everywhere: delete their sessions, except the one
        with the session key `keep` (None: no exception). Their open event streams end within
        seconds (`conversations.replies.revocation`).

        A session names its person only inside its encoded data, so all sessions that have not
        expired are decoded: 0.3 s for ten thousand. Returns the number of sessions deleted.
        """
        names = {str(person_id) for person_id in ids}
        alive = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=keep)
        ended = [
            session.session_key
            for session in alive.iterator()
            if session.get_decoded().get(SESSION_KEY) in names
        ]
        return Session.objects.filter(session_key__in=ended).delete()[0]


_by_key = PreparedQuery(lambda: Person.objects.filter(pk=Parameter("pk", Person._meta.pk)))
