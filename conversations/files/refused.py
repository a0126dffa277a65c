"""FileRefused, the exception for an uploaded file that is not accepted."""


class FileRefused(Exception):
    """Raised if an uploaded file is not accepted. `code` (text) names the cause: one of
    `extraction.finding.REFUSALS`, or a cause of this site's own such as "too_large_file",
    "person_full", "disk_full" or "gone". `sentences.refusal` turns it into a sentence."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code
