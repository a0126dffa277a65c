"""Sets of settings for test servers. Each module of this package is the site's settings with one or
two of them; a server's DJANGO_SETTINGS_MODULE names the module."""

from chatsite.settings import FILES

# Servers without collected static files: collecting and compressing those takes seconds, and these
# tests need no style sheets.
WITHOUT_STYLES = {
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "files": FILES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
    # Do not read the folder of collected files: another test run may be writing it.
    "SERVESTATIC_USE_STATIC_ROOT": False,
    # A quick hash: passwords of tests need no protection from guessing.
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
    # No limits for each person: in a test one person does what many do on a site.
    "PERSON_SHARE": 100,
    "CONCURRENT_REPLIES": 0,
}
