"""Free text of the access log, in a table beside it: what people typed into an act that is
recorded.

The row of the log holds a salted hash of it, so that nobody can change it unnoticed. The erasure of
a person empties it together with its salt, and the chain of the log stays whole.
"""

import hashlib
import json
import secrets

from django.db import models


class AccessWords(models.Model):
    """The free text of the row `number` of the access log: `words`, a dict of texts by name such as
    "explanation" and "queue" (search words). `salt` keeps short texts from being guessed by their
    hash. Emptied, it has neither, and `erased_by` is the number of the row that recorded why."""

    number = models.PositiveBigIntegerField(primary_key=True)
    salt = models.CharField(max_length=32, blank=True)
    words = models.JSONField(default=dict)
    erased_by = models.PositiveBigIntegerField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return str(self.number)

    @classmethod
    def of(cls, words):
        """Return a new, unsaved AccessWords of `words` with a random salt."""
        return cls(salt=secrets.token_hex(16), words=words)

    def computed_hash(self):
        """Return the SHA-256 of salt and words, as 64 hexadecimal digits."""
        written = json.dumps([self.salt, self.words], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()
