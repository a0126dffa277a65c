"""Session store: Django's sessions in the database, found by a prepared query, since every request
of a logged-in person looks up its session."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.database.prepared_query import Parameter, PreparedQuery


class SessionStore(db.SessionStore):
    """Session of one visitor, stored in a row of Django's table of sessions. Django looks for a
    class of this name in the module that SESSION_ENGINE names."""

    def _get_session_from_db(self):
        """Return the Session (row) with this session's key. If there is none or it has expired,
        return None and forget the key, so that no visitor can choose the key of a new session."""
        found = _unexpired.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


_unexpired = PreparedQuery(
    lambda: Session.objects.filter(
        session_key=Parameter("key", Session._meta.pk),
        expire_date__gt=Parameter("now", Session._meta.get_field("expire_date")),
    )
)
