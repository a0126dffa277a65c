"""Database model of a conversation: owner, title, settings, and whether it is pinned, archived, in
the trash or temporary."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TITLE_LENGTH = 80
# Up to this number of owners, `owned_in` uses the database index by owner.
FEW_MEMBERS = 100


class ConversationQuerySet(models.QuerySet):
    """Queryset of conversations: filters by owner, by review permission, and by where they are
    listed."""

    def of(self, person):
        """Return a queryset of the conversations that `person` owns, without those that are deleted
        for them but kept under a legal hold. Views look up conversations only through it, which is
        their permission check."""
        return self.filter(owner_id=person.pk, hidden_at=None)

    def reviewable_by(self, person):
        """Return a queryset of the conversations that `person` may review now: none without the
        permission; with rows of Scope (groups to review) those of members of these groups;
        otherwise all."""
        if not person.may_review:
            return self.none()
        groups = list(person.scopes.values_list("group_id", flat=True))
        return self.owned_in(groups) if groups else self.all()

    def holding(self, hits):
        """Return a queryset of the conversations in which a search found something. `hits` are
        search results, each with a `conversation_id`."""
        return self.filter(pk__in={hit.conversation_id for hit in hits})

    def owned_in(self, groups):
        """Return a queryset of the conversations whose owners are members of any of `groups` (ids).

        For up to FEW_MEMBERS owners it uses the database index by owner; for more it reads newest
        first and tests the owner of each row. Either way the number of rows read does not grow with
        the number of all conversations.
        """
        through = self.model._meta.get_field("owner").related_model.groups.through
        members = through.objects.filter(group_id__in=groups)
        few = set(members.values_list("person_id", flat=True)[: FEW_MEMBERS + 1])
        if len(few) <= FEW_MEMBERS:
            return self.filter(owner_id__in=few)
        return self.filter(models.Exists(members.filter(person_id=models.OuterRef("owner_id"))))

    def kept(self):
        """Return a queryset without the conversations in the trash."""
        return self.filter(trashed_at=None)

    def listed(self):
        """Return a queryset of the conversations that are neither pinned, archived, temporary nor
        in the trash, newest activity first, for the sidebar."""
        return self.filter(
            pinned_at=None, archived_at=None, trashed_at=None, temporary=False
        ).order_by("-updated_at", "-id")

    def pinned(self):
        """Return a queryset of the pinned conversations that are not in the trash, last pinned
        first."""
        return self.filter(pinned_at__isnull=False, trashed_at=None, temporary=False).order_by(
            "-pinned_at", "-id"
        )

    def archived(self):
        """Return a queryset of the archived conversations that are not in the trash, last archived
        first."""
        return self.filter(archived_at__isnull=False, trashed_at=None, temporary=False).order_by(
            "-archived_at", "-id"
        )

    def trashed(self):
        """Return a queryset of the conversations in the trash, last deleted first."""
        return self.filter(trashed_at__isnull=False).order_by("-trashed_at", "-id")


class Conversation(models.Model):
    """Conversation: a tree of messages, owned by one person. `active` is the last Message of the
    branch (path through the tree) that is shown by default."""

    class TitleSource(models.TextChoices):
        """Source of the title: the first line of the text, the language model, or the person."""

        TEXT = "text", _("first line")
        MODEL = "model", _("model")
        PERSON = "person", _("person")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    title_source = models.CharField(
        max_length=10, choices=TitleSource.choices, default=TitleSource.TEXT
    )
    # The leaf last looked at: which branch is shown where none is asked for.
    active = models.ForeignKey(
        "Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    model = models.CharField(_("model"), max_length=200, blank=True)
    effort = models.CharField(_("reasoning effort"), max_length=20, blank=True)
    max_output_tokens = models.PositiveIntegerField(_("maximum length"), null=True, blank=True)
    instructions = models.TextField(_("instructions"), blank=True, max_length=20_000)
    # Names of the tools that are switched on, whatever the model; null: nobody chose yet, each is
    # as its model's row says.
    tools = models.JSONField(_("tools"), null=True, blank=True)
    # A pinned one is not archived; one in the trash keeps either, for when it is restored.
    pinned_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)
    # Chosen at the start and never changed: in no list of its owner, and deleted after a day.
    temporary = models.BooleanField(_("temporary"), default=False)
    # Deleted for its owner, but kept under a legal hold. It is then in the trash as well, so that
    # whatever leaves out the trash leaves it out too.
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False)
    # True if a reply came that was not yet shown to the owner.
    unseen = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("last activity"), default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        permissions = [("review_conversation", _("Can review the conversations of others"))]
        indexes = [
            models.Index(fields=["owner", "-updated_at", "-id"], name="by_owner"),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=models.Q(pinned_at=None, archived_at=None, trashed_at=None),
                name="sidebar",
            ),
            models.Index(
                fields=["owner", "-pinned_at"],
                condition=models.Q(pinned_at__isnull=False),
                name="pinned",
            ),
            models.Index(
                fields=["owner", "-archived_at", "-id"],
                condition=models.Q(archived_at__isnull=False),
                name="archived",
            ),
            models.Index(
                fields=["trashed_at"],
                condition=models.Q(trashed_at__isnull=False),
                name="trashed",
            ),
            models.Index(
                fields=["updated_at"], condition=models.Q(temporary=True), name="temporary"
            ),
            models.Index(
                fields=["hidden_at"],
                condition=models.Q(hidden_at__isnull=False),
                name="hidden",
            ),
            models.Index(fields=["-updated_at", "-id"], name="review_queue"),
            models.Index(fields=["model", "-updated_at", "-id"], name="review_queue_by_model"),
        ]

    def __str__(self):
        # Not the title: it is made from the text, and no log or admin list may show it by accident.
        return str(self.pk)

    def get_absolute_url(self):
        """Return the path of the conversation's page."""
        return reverse("conversation", args=[self.pk])

    @property
    def display_title(self):
        """Return the title, or "New conversation" in the active language if it is empty."""
        return self.title or str(_("New conversation"))

    def title_from(self, text):
        """Set `title` to the first line of `text` that is not blank, cut between words to
        TITLE_LENGTH characters ("" if there is none), and `title_source` to TEXT. Does not save the
        conversation."""
        line = next((line.strip() for line in text.splitlines() if line.strip()), "")
        if len(line) > TITLE_LENGTH:
            cut = line[: TITLE_LENGTH - 1]
            head, _space, _rest = cut.rpartition(" ")
            line = (head if len(head) > TITLE_LENGTH // 2 else cut) + "…"
        self.title = line
        self.title_source = self.TitleSource.TEXT
