"""Adapter of allauth for second factors: the site's name in apps and keys, secrets that are stored
encrypted, and a QR code that the content security policy allows."""

import base64
import hashlib
import secrets

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.safestring import mark_safe


class FactorAdapter(DefaultMFAAdapter):
    """Adapter of allauth for authenticator apps, recovery codes and security keys.

    Secrets of apps and recovery codes are encrypted with a key that is derived from SECRET_KEY, so
    that a copy of the database is no second factor. After a change of SECRET_KEY the former one has
    to stay in SECRET_KEY_FALLBACKS; without it no code fits, and an administrator resets factors.
    """

    def get_totp_issuer(self):
        """Return the name under which an authenticator app lists the account: SITE_NAME."""
        return settings.SITE_NAME

    def _get_site_name(self):
        """Return the name of the site for security keys: SITE_NAME."""
        return settings.SITE_NAME

    def build_totp_svg(self, url):
        """Return the QR code of `url`, which sets up an authenticator app, as an `svg` element
        (safe HTML) for the page itself: the content security policy forbids `data:` images."""
        document = super().build_totp_svg(url)
        # Made by the library from `url` alone: paths, no text.
        return mark_safe(document[document.index("<svg") :])  # noqa: S308

    def encrypt(self, text):
        """Return `text`, a secret of a second factor, encrypted and authenticated, as text for the
        database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """Return the secret that `encrypt` made `encrypted_text` of; if it cannot be decrypted, a
        random secret, for which no code is right."""
        from cryptography.fernet import InvalidToken  # when it is needed, see factor_urls.py

        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return base64.b32encode(secrets.token_bytes(20)).decode()


def _cipher():
    """Return the cipher object for secrets: it encrypts with SECRET_KEY, and decrypts with
    SECRET_KEY or one of SECRET_KEY_FALLBACKS."""
    from cryptography.fernet import Fernet, MultiFernet

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    salted = (hashlib.sha256(b"conversations.second_factors:" + key.encode()) for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each.digest())) for each in salted])
