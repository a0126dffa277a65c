"""The finding: what a check of the doctor says about one fact of the installation."""

from dataclasses import dataclass

OK = "ok"
WARNING = "warning"
PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known about one fact of the installation.

    `level` is OK, WARNING (it works, but could be better or was not checked) or PROBLEM (something
    does not work). `said` is a sentence, and `todo` one that says what to do, "" where nothing has
    to be done; both are texts, perhaps lazy translations, and hold no secret.
    """

    level: str
    said: str
    todo: str = ""

    def as_dict(self, subject):
        """Return the finding as a dict of texts for JSON, with the name of its `subject`."""
        return {
            "subject": subject,
            "level": self.level,
            "said": str(self.said),
            "todo": str(self.todo),
        }
