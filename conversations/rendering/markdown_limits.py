"""Limits on what is given to the Markdown parser, checked on the source in linear time.

Some shapes of Markdown take the parser quadratic time, or give HTML many times as long as the
source. A block of such a shape is shown as plain text.
"""

import re

# A message, or a block of one, with more characters is shown as plain text.
MESSAGE_CHARACTERS = 200_000
BLOCK_CHARACTERS = 32_000
# So is one of more blocks, each of which is an element of its own: 200,000 characters may be 66,000
# paragraphs, whose HTML is seventeen times as long.
MESSAGE_BLOCKS = 10_000
# At most: rows times columns of a table; quotes and lists nested by one line; formulas in a block.
TABLE_CELLS = 10_000
CONTAINER_MARKS = 50
FORMULA_MARKS = 1_000

# Marks of quotes and lists at the start of a line, one after the other.
MARKS = re.compile(r"(?:[ \t]*+(?:>|[-+*](?=[ \t\n]|$)|\d{1,9}[.)](?=[ \t\n]|$)))++", re.M)
MARK = re.compile(r">|[-+*]|\d{1,9}[.)]")


def too_heavy(source: str) -> bool:
    """Return True if `source`, the Markdown of a block, is too costly to parse: too many formulas,
    too deeply nested quotes and lists, or too many table cells."""
    return _too_many_formulas(source) or _too_deep(source) or _too_many_cells(source)


def _too_many_formulas(source: str) -> bool:
    """Return True if more than FORMULA_MARKS formulas begin in `source`, the Markdown of a block:
    for each the parser searches the rest of the text for its end."""
    return source.count("\\(") + source.count("\\[") > FORMULA_MARKS


def _too_deep(source: str) -> bool:
    """Return True if a line of `source`, the Markdown of a block, nests too many quotes and lists,
    whose cost grows with the square of their number."""
    for line in source.split("\n"):
        head = MARKS.match(line)
        if head and len(MARK.findall(head[0])) > CONTAINER_MARKS:
            return True
    return False


def _too_many_cells(source: str) -> bool:
    """Return True if the tables in `source`, the Markdown of a block, may have more than
    TABLE_CELLS cells. Each line counts with the columns of the widest table, since the parser fills
    short rows up to the columns of the head."""
    columns = 0
    lines = source.split("\n")
    for line in lines:
        if "-" in line and not line.strip("|:- \t>+*.)0123456789"):
            columns = max(columns, line.count("|") + 1)
    return columns * len(lines) > TABLE_CELLS
