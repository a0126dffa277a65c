"""Django app configuration of `conversations`: when the site starts, it connects signal receivers,
system checks and the repair of database triggers."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, pre_delete, pre_migrate
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    """Configuration of the Django app `conversations`."""

    name = "conversations"
    verbose_name = _("Conversations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        """Connect signal receivers, system checks and the repair of database triggers; Django calls
        it once at start."""
        from conversations import checks  # noqa: F401
        from conversations.accounts import group_deletion, session_revocation
        from conversations.database import integers_in, triggers
        from conversations.files import sweep
        from conversations.keeping import hold_signals
        from conversations.review import administration_log, permission_changes
        from conversations.search import index
        from conversations.single_sign_on import session

        integers_in.register()
        # First, so that no refused deletion is recorded as done.
        group_deletion.connect()
        permission_changes.connect()
        hold_signals.connect()
        administration_log.connect()
        session_revocation.connect()
        session.connect()
        pre_migrate.connect(triggers.lift, sender=self)
        post_migrate.connect(triggers.repair, sender=self)
        post_migrate.connect(enable_default_model, sender=self)
        post_migrate.connect(make_reviewers, sender=self)
        # Signals, since deletions also cascade from people and conversations, as in the admin, and
        # the search index has to follow each of them.
        pre_delete.connect(index.forget_message, sender=self.get_model("Message"))
        pre_delete.connect(index.forget_file, sender=self.get_model("Attachment"))
        pre_delete.connect(index.forget_conversation, sender=self.get_model("Conversation"))
        post_delete.connect(sweep.forget, sender=self.get_model("Attachment"))


def enable_default_model(sender, **kwargs):
    """Insert the default LanguageModel (OPENAI_MODEL) where it is missing, so that a new site has a
    model to offer. A receiver of Django's post_migrate signal; its arguments are not used."""
    from conversations.models import LanguageModel

    LanguageModel.objects.ensure_default()


def make_reviewers(sender, **kwargs):
    """Create the group of reviewers where it is missing. A receiver of Django's post_migrate
    signal, which is also sent after `manage.py flush`; its arguments are not used."""
    from conversations.review.reviewers_group import ensure_reviewers

    ensure_reviewers()
