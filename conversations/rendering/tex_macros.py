"""Expansion of macros that a formula defines for itself, before it is converted.

Done here, on the text, so that the limits on length and depth hold for what the converter gets.
"""

import re

from .tex_arguments import argument

DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand)\*?[ \t]*"
    r"(?:\{\\(?P<braced>[a-zA-Z]+)\}|\\(?P<bare>[a-zA-Z]+))"
    r"[ \t]*(?:\[(?P<number>[0-9])\])?"
    r"|\\def[ \t]*\\(?P<defined>[a-zA-Z]+)(?P<parameters>(?:#[1-9])*)"
    r"|\\DeclareMathOperator(?P<star>\*?)[ \t]*\{?\\(?P<operator>[a-zA-Z]+)\}?"
)
PARAMETER = re.compile(r"#([1-9])")
EXPANSIONS = 200


class TooMuchTeX(ValueError):
    """Raised for macros that expand too often or to too much text, or lack arguments."""


def expand(tex: str, characters: int) -> str:
    """Return `tex` with the macros that it defines (as by \\newcommand) expanded and their
    definitions removed.

    Raises TooMuchTeX if that takes EXPANSIONS steps or more, or gives more than `characters`
    characters, or a macro lacks arguments.
    """
    macros: dict[str, tuple[int, str]] = {}
    rest, at = [], 0
    while match := DEFINITION.search(tex, at):
        found = argument(tex, match.end())
        if not found:
            break
        rest.append(tex[at : match.start()])
        at = found[1]
        name = match["braced"] or match["bare"] or match["defined"] or match["operator"]
        if match["operator"]:
            macros[name] = 0, rf"\operatorname{match['star']}{{{found[0]}}}"
        else:
            number = int(match["number"] or len(match["parameters"] or "") // 2)
            macros[name] = number, found[0]
    rest.append(tex[at:])
    return _put_in("".join(rest), macros, characters) if macros else tex


def _put_in(tex: str, macros: dict[str, tuple[int, str]], characters: int) -> str:
    """Return `tex` with `macros` expanded: by name, the number of arguments and the body of each.
    Raises TooMuchTeX as `expand` does; `characters` is the greatest length of the result."""
    use = re.compile(rf"\\({'|'.join(map(re.escape, macros))})(?![a-zA-Z])")
    for _ in range(EXPANSIONS):
        match = use.search(tex)
        if not match:
            return tex
        number, body = macros[match[1]]
        arguments, at = [], match.end()
        for _ in range(number):
            found = argument(tex, at)
            if not found:
                raise TooMuchTeX(f"\\{match[1]} lacks arguments")
            arguments.append(found[0])
            at = found[1]
        tex = f"{tex[: match.start()]}{{{_filled(body, arguments)}}}{tex[at:]}"
        if len(tex) > characters:
            break
    raise TooMuchTeX(f"more than {EXPANSIONS} expansions or {characters} characters")


def _filled(body: str, arguments: list[str]) -> str:
    """Return the body of a macro with its arguments in the place of #1 to #9."""
    given = {f"{n}": argument for n, argument in enumerate(arguments, 1)}
    return PARAMETER.sub(lambda match: given.get(match[1], ""), body)
