"""`manage.py check_files`: compare the files of messages in the database with the storage."""

import hashlib

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations.files import storage
from conversations.models import Attachment, StoredFile

BLOCK = 1 << 20


class Command(BaseCommand):
    """Command `check_files`: prints each attached file whose bytes are missing or damaged (another
    length or, with `--hashes`, another content), and each stored file that no row of the database
    names. Raises CommandError (exit status 1) if there are any; `--remove-strays` deletes the
    latter, which then are no error."""

    help = "Compare the files of messages with their bytes; exit 1 where one is missing or stray."

    def add_arguments(self, parser):
        parser.add_argument(
            "--hashes", action="store_true", help="also read all bytes and compare their SHA-256"
        )
        parser.add_argument(
            "--remove-strays",
            action="store_true",
            help="delete bytes that no row knows of; stop the site before",
        )

    def handle(self, *, hashes, remove_strays, **options):
        faults, known = 0, set()
        # The storage is listed before the rows are read: a new file has its row before its bytes.
        there = set(storage.walk())
        for stored in StoredFile.objects.filter(doomed_at=None).iterator(chunk_size=1_000):
            blobs = [(stored.name, stored.size, stored.sha256 if hashes else "")]
            if stored.small:
                blobs.append((stored.small_name, stored.small, ""))
            for name, size, digest in blobs:
                known.add(name)
                fault = self._fault(name, size, digest)
                # A row without an Attachment is being written, or is due to be swept.
                if fault and Attachment.with_hidden.filter(stored=stored).exists():
                    faults += 1
                    self.stdout.write(f"{fault}: {name} ({self._whose(stored)})")
        doomed = StoredFile.objects.exclude(doomed_at=None)
        known |= {name for each in doomed for name in (each.name, each.small_name)}
        strays = sorted(there - known)
        for name in strays:
            self.stdout.write(f"stray: {name}")
            if remove_strays:
                storage.delete(name)
        kept = StoredFile.objects.count()
        self.stdout.write(f"{kept} files, {faults} missing or damaged, {len(strays)} stray")
        if faults or (strays and not remove_strays):
            raise CommandError(f"The database and {self._place()} differ.")

    def _fault(self, name, size, digest):
        """Return what is wrong with the file `name` in the storage: "missing", "damaged" or "" (in
        order). It should have `size` bytes, with the SHA-256 `digest` (hex; "": not compared)."""
        try:
            if storage.storage().size(name) != size:
                return "damaged"
            if not digest:
                return ""
            found = hashlib.sha256()
            with storage.open_stored(name) as file:
                while block := file.read(BLOCK):
                    found.update(block)
        except OSError:
            return "missing"
        return "" if found.hexdigest() == digest else "damaged"

    def _whose(self, stored):
        """Return a text that says whose the StoredFile `stored` is and how many messages have
        it."""
        count = Attachment.with_hidden.filter(stored=stored).count()
        return f"of person {stored.owner_id}, {count} messages"

    def _place(self):
        """Return where the files are stored, as text for error messages: the folder, or "the
        bucket"."""
        return settings.FILES_FOLDER or "the bucket"
