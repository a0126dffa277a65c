"""Sets of settings for test servers. Each module of this package is the site's settings with one or
two of them; a server's DJANGO_SETTINGS_MODULE names the module."""

from chatsite.settings import FILES

# Pages without their style sheets do: collecting and compressing those takes seconds.
WITHOUT_STYLES = {
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "files": FILES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
    # Nor look for them: another run may be collecting them just then.
    "SERVESTATIC_USE_STATIC_ROOT": False,
    # Of passwords made up here nobody must be kept from the guessing.
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}
# Short times, for tests that wait for one of them to pass.
SHORT_TIMES = {
    "REPLY_DEAD": 4,
    "DATABASE_STUCK": 2,
    "STREAM_COMMENT": 0.5,
    "STREAM_STALLED": 2,
    "STREAM_ACCESS": 1,
    "TITLE_SECONDS": 2,
    "TRASH_SWEEP": 1,
    # One person of a test does what many do at a site; the shares have tests of their own.
    "PERSON_SHARE": 100,
    "CONCURRENT_REPLIES": 0,
}
