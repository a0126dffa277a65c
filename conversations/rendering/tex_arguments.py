"""Reading of arguments of TeX commands: `{…}`, one command or one character, and options in
`[…]`."""

import re

BRACE = re.compile(r"\\.|([{}])", re.S)
SPACE = re.compile(r"[ \t\n]*")
SINGLE = re.compile(r"\\[a-zA-Z]+|\\.|[^\\{}&$%]", re.S)
OPTION = re.compile(r"[ \t]*\[[^\[\]]*\]")


def argument(tex: str, at: int) -> tuple[str, int] | None:
    """Return the argument that begins at index `at` of `tex`, without its braces, and the index
    where it ends.

    None if nothing follows that can be one, or its brace is never closed.
    """
    at = SPACE.match(tex, at).end()
    if tex[at : at + 1] != "{":
        match = SINGLE.match(tex, at)
        return (match[0], match.end()) if match else None
    depth = 0
    for match in BRACE.finditer(tex, at):
        if match[1]:
            depth += 1 if match[1] == "{" else -1
            if not depth:
                return tex[at + 1 : match.start()], match.end()
    return None


def option(tex: str, at: int) -> int:
    """Return the index after an optional argument (`[…]`) at index `at` of `tex`; `at` if there is
    none."""
    match = OPTION.match(tex, at)
    return match.end() if match else at
