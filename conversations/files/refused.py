"""Exceptions for a file that is not taken, or a set of files that cannot be sent."""


class FileRefused(Exception):
    """Raised if a file is not taken; nothing of it is kept. `code` names the cause: one of
    `extraction.finding.REFUSALS`, or "too_large_file", "person_full", "site_full", "disk_full",
    "too_many". `sentences.refusal` makes a sentence of it."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code
