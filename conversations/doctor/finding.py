"""Finding: what a check of the doctor says about one fact of the installation."""

from dataclasses import dataclass

OK = "ok"
WARNING = "warning"
PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check about one fact of the installation.

    `level` is OK, WARNING (it works, but could be better or was not checked) or PROBLEM (something
    does not work). `said` is a sentence, and `todo` one that says what to do, "" where nothing has
    to be done; both are texts, perhaps lazy translations, and hold no secret.
    """

    level: str
    said: str
    todo: str = ""

    def as_dict(self, subject):
        """Return the Finding as a dict of strings for JSON: `level`, `said`, `todo` and `subject`,
        the name in examination.SUBJECTS."""
        return {
            "subject": subject,
            "level": self.level,
            "said": str(self.said),
            "todo": str(self.todo),
        }
