"""Link reference definitions: they count from where they stand on."""

import re
from collections.abc import Callable

# One definition and all definitions put before blocks; longer ones are text.
DEFINITION_CHARACTERS = 2_000
TOTAL_CHARACTERS = 100_000

# What is escaped is matched too, without a group, so that no bracket in it is tried as a beginning.
LABEL = re.compile(r"\\.|\[((?:[^\[\]\\]|\\.){1,999}+)\]", re.S)
DEFINITION = re.compile(
    r" {0,3}\[((?:[^\[\]\\]|\\.){1,999}+)\]:[ \t]*+(?:\n[ \t]*+)?"
    r"(?:<[^<>\n]*+>|[^\s<]\S*+)"
    r"(?:(?:[ \t]++(?:\n[ \t]*+)?|\n[ \t]*+)"
    r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))(?=[ \t]*+(?:\n|\Z)))?"
    r"[ \t]*+(?:\n|\Z)",
    re.S,
)


def key(label: str) -> str:
    """A label as CommonMark compares it."""
    return " ".join(label.split()).casefold()


class Definitions:
    """The definitions of one text, in the order in which its blocks end."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._left = TOTAL_CHARACTERS

    def learn(self, source: str, is_definition: Callable[[str], bool]) -> int:
        """Keep the definitions that a complete paragraph begins with.

        is_definition says whether the parser, too, sees nothing but a definition in its argument.
        Returns how many characters it was given.
        """
        at = parsed = 0
        while match := DEFINITION.match(source, at):
            name = key(match[1])
            text = match[0].rstrip("\n") + "\n"
            if name and name not in self._sources and len(text) <= DEFINITION_CHARACTERS:
                parsed += len(text)
                if not is_definition(text):
                    break
                self._sources[name] = text
            at = match.end()
        return parsed

    def wanted(self, source: str) -> str:
        """The definitions that a block's source may refer to, to be put before it."""
        if not self._sources or "[" not in source:
            return ""
        names = dict.fromkeys(key(match[1]) for match in LABEL.finditer(source) if match[1])
        wanted = "".join(self._sources[name] for name in names if name in self._sources)
        return wanted + "\n" if wanted and len(wanted) <= self._left else ""

    def spend(self, wanted: str) -> None:
        """Count definitions put before a block for good; together they are bounded."""
        self._left -= len(wanted)
