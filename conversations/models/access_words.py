"""Free text of the access log, in a table of its own: what people typed in an act that is recorded,
such as reasons and search words.

The row of the access log holds a salted hash of the text, so that nobody can change it unnoticed.
The erasure of a person empties the text and its salt, and the hash chain of the log stays valid.
"""

import hashlib
import json
import secrets

from django.db import models


class AccessWords(models.Model):
    """Free text of row `number` of the access log: `words` is a dict of texts by name, such as
    "explanation" and "queue" (search words). `salt` keeps short texts from being guessed by their
    hash. After an erasure both are empty, and `erased_by` is the number of the row that ordered
    it."""

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
        """Return a new, unsaved AccessWords with `words` (a dict of texts by name) and a random
        salt."""
        return cls(salt=secrets.token_hex(16), words=words)

    def computed_hash(self):
        """Return the SHA-256 of the salt and the texts, as 64 hexadecimal digits."""
        written = json.dumps([self.salt, self.words], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()
