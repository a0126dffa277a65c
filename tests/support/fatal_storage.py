"""A folder as a storage, in which the process kills itself at a step: before a deletion
(FATAL=delete), half way through a deletion (FATAL=deleted), or after the bytes were written
(FATAL=saved)."""

import os
import signal

from django.core.files.storage import FileSystemStorage


def die_at(step):
    if os.environ.get("FATAL") == step:
        os.kill(os.getpid(), signal.SIGKILL)


class FatalStorage(FileSystemStorage):
    def delete(self, name):
        die_at("delete")
        super().delete(name)
        die_at("deleted")

    def _save(self, name, content):
        name = super()._save(name, content)
        die_at("saved")
        return name
