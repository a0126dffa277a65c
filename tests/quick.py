"""The site's settings with short times, for servers of tests that wait for one of them."""

from chatsite.settings import *  # noqa: F403

REPLY_DEAD = 4
STREAM_COMMENT = 0.5
STREAM_STALLED = 2
STREAM_ACCESS = 1
# Pages without their style sheets do: collecting and compressing those takes seconds.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
