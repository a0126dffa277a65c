"""The site's settings for servers of tests without a browser."""

from chatsite.settings import *  # noqa: F403

# Pages without their style sheets do: collecting and compressing those takes seconds.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Nor look for them: another run may be collecting them just then.
SERVESTATIC_USE_STATIC_ROOT = False
# Of passwords made up here nobody must be kept from the guessing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
