"""`manage.py verify_case FILE`: check each file of an exported case against its manifest."""

import zipfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from conversations.cases import manifest
from conversations.models import ReviewAccess


class Command(BaseCommand):
    """The command `verify_case`: compares every member of the zip FILE with its manifest, and the
    manifest with the access log of this site. Raises CommandError (exit status 1) where a member
    differs, is missing or is not listed, and for what is no case."""

    help = (
        "Check that every file in the zip of a case is as the manifest says, and whether the "
        "access log of this site has that manifest. Exits with 1 where a file differs."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        try:
            found = list(manifest.differences(file))
            with zipfile.ZipFile(file) as archive:
                about, digest = manifest.read(archive), manifest.sha256(archive.read(manifest.NAME))
        except manifest.NoCase as error:
            raise CommandError(f"{file} is no case. {error}") from error
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{file} is not as it was exported: {len(found)} differences.")
        self.stdout.write(f"All {len(about['members']):,} files are as the manifest says.")
        self.stdout.write(f"The SHA-256 of the manifest is {digest}.")
        self.stdout.write(self._in_log(digest))

    def _in_log(self, digest):
        """Return a sentence that says whether the access log here has a manifest with this
        SHA-256."""
        rows = ReviewAccess.objects.filter(action=ReviewAccess.Action.FINISHED_EXPORT)
        try:
            row = next((row for row in rows if row.detail.get("manifest") == digest), None)
        except DatabaseError:
            return "The access log could not be read."
        if row is None:
            return "The access log of this site has no export with this manifest."
        return f"It is the one of row {row.number} of the access log of this site, of {row.at}."
