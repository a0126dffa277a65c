"""Writer of benchmark results: stores each in a section of docs/performance.md, with its date."""

import datetime
import re
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def keep(heading, text):
    """Write `text` (Markdown) into the section `## heading` of docs/performance.md, with today's
    date (UTC). It replaces the section's content; a new section is added at the end."""
    today = datetime.datetime.now(datetime.UTC).date()
    section = f"## {heading}\n\n{text.strip()}\n\nMeasured on {today}.\n"
    document = FILE.read_text()
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(document):
        document = pattern.sub(lambda _found: section + "\n", document)
    else:
        document = f"{document.rstrip()}\n\n{section}"
    FILE.write_text(document.rstrip() + "\n")
