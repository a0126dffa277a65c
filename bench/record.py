"""Keeps a measurement in docs/performance.md, in a section of its own, with its date."""

import datetime
import re
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def keep(heading, text):
    """Put `text` (Markdown) under `## heading`, in place of what stood there, dated today (UTC)."""
    today = datetime.datetime.now(datetime.UTC).date()
    section = f"## {heading}\n\n{text.strip()}\n\nMeasured on {today}.\n"
    document = FILE.read_text()
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(document):
        document = pattern.sub(lambda _found: section + "\n", document)
    else:
        document = f"{document.rstrip()}\n\n{section}"
    FILE.write_text(document.rstrip() + "\n")
