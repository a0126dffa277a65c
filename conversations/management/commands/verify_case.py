"""`manage.py verify_case FILE`: check the zip of a case (an export of conversations for an
investigation) against the checksums in its manifest."""

import zipfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from conversations.cases import manifest
from conversations.models import ReviewAccess


class Command(BaseCommand):
    """Command `verify_case`: compares each file in the zip FILE with the manifest in it, and the
    manifest with the access log of this site. Raises CommandError (exit status 1) if a file was
    changed, is missing or is not in the manifest, and if FILE is not the zip of a case."""

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
        """Return a sentence that says whether this site's access log has a row with `digest`, the
        SHA-256 of a manifest."""
        rows = ReviewAccess.objects.filter(action=ReviewAccess.Action.FINISHED_EXPORT)
        try:
            row = next((row for row in rows if row.detail.get("manifest") == digest), None)
        except DatabaseError:
            return "The access log could not be read."
        if row is None:
            return "The access log of this site has no export with this manifest."
        return f"It is the one of row {row.number} of the access log of this site, of {row.at}."
