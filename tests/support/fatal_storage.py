"""Django file storage in a folder in which the process kills itself with SIGKILL: before a deletion
(environment variable FATAL=delete), after one (FATAL=deleted), or after a file was written
(FATAL=saved)."""

import os
import signal

from django.core.files.storage import FileSystemStorage


def die_at(step):
    """Kill this process if the environment variable FATAL is `step`."""
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
