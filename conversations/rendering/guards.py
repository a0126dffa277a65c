"""What is too much for a parser or a page, told from the source in linear time."""

import re

MESSAGE_CHARACTERS = 200_000
BLOCK_CHARACTERS = 32_000
TABLE_CELLS = 10_000
CONTAINER_MARKS = 50
FORMULA_MARKS = 1_000

# Marks of quotes and lists at the start of a line, one after the other.
MARKS = re.compile(r"(?:[ \t]*+(?:>|[-+*](?=[ \t\n]|$)|\d{1,9}[.)](?=[ \t\n]|$)))++", re.M)
MARK = re.compile(r">|[-+*]|\d{1,9}[.)]")


def too_heavy(source: str) -> bool:
    """Whether the shape of a block that would be parsed forbids it."""
    return _too_many_formulas(source) or _too_deep(source) or _too_many_cells(source)


def _too_many_formulas(source: str) -> bool:
    """The parser looks for the end of each that has begun in all the text after it."""
    return source.count("\\(") + source.count("\\[") > FORMULA_MARKS


def _too_deep(source: str) -> bool:
    """Quotes and lists nested by one line's marks cost the square of their number."""
    for line in source.split("\n"):
        head = MARKS.match(line)
        if head and len(MARK.findall(head[0])) > CONTAINER_MARKS:
            return True
    return False


def _too_many_cells(source: str) -> bool:
    """A row is filled up to the columns of the table's head, however short it is."""
    columns = 0
    lines = source.split("\n")
    for line in lines:
        if "-" in line and not line.strip("|:- \t>+*.)0123456789"):
            columns = max(columns, line.count("|") + 1)
    return columns * len(lines) > TABLE_CELLS
