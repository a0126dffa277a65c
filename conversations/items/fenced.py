"""Fences of code in Markdown, for exported conversations."""

import re

_TICKS = re.compile("`{3,}")


def fenced(code: str, language: str = "") -> str:
    """Return `code` as a fenced code block in Markdown, labelled `language`; "" for blank code. The
    fence has more backticks than any run of backticks in `code`."""
    if not code.strip():
        return ""
    marks = "`" * max(3, *(len(each) + 1 for each in ["", *_TICKS.findall(code)]))
    return f"{marks}{language}\n{code.strip(chr(10))}\n{marks}"
