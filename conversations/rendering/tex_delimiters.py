"""Count of a formula's opening delimiters that have no partner, each of which doubles the time of
the converter to MathML (math-core).

After parsing, math-core 0.9 looks through each list of symbols (a group, a fence, the formula) for
brackets and their content (`enrich_bracketed` in its semantic.rs). An opening delimiter for which
it finds no closing one in the same list counts as a letter then, and all that follows it is looked
through again: 2^n times for n of them. What opens and closes, and what begins a list, is taken from
its tables (commands.rs, lexer.rs, predefined.rs); where the two could differ, this counts more.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

OPENING = "([⌈⌊⌜⌞⎰❲⟅⟦⟨⟪⟬⟮⦃⦅⦇⦉⦋⦍⦏⦑⦓⦕⦗⧘⧚⧼"
CLOSING = ")]!⌉⌋⌝⌟⎱❳⟆⟧⟩⟫⟭⟯⦄⦆⦈⦊⦌⦎⦐⦒⦔⦖⦘⧙⧛⧽"
OPENING_COMMANDS = frozenset(
    "{ lAngle lBrace lVert lang langle lbrace lbrack lceil lfloor lgroup llangle llbracket llcorner"
    " lmoustache llparenthesis lparen lvert ulcorner".split()
)
CLOSING_COMMANDS = frozenset(
    "} rAngle rBrace rVert rang rangle rbrace rbrack rceil rfloor rgroup lrcorner rmoustache rparen"
    " rrangle rrbracket rrparenthesis rvert urcorner".split()
)
# Commands that expand to an opening and a closing delimiter around their argument.
PAIRS = frozenset("bra ket braket set pod pmod".split())
# Commands after which a new list begins.
SPLITTING = frozenset(
    "displaystyle textstyle scriptstyle scriptscriptstyle color"
    " over atop choose brace brack".split()
)
# Commands that give nothing by themselves: an index after one belongs to what follows it.
ROW_BREAKS = frozenset(("\\", "newline", "cr"))
SILENT = ROW_BREAKS | frozenset("bf cal it rm sf tt relax nonumber notag tag label global".split())
# Commands after which an option in brackets may follow.
TAKES_OPTION = re.compile(
    "sqrt|color|x[a-zA-Z]*(?:arrows?|harpoons?(?:up|down)?|equal|mapsto|tofrom)"
)

_BLANK = r"(?:[ \t\n\r]|%[^\n]*(?:\n|$))*+"
_DELIMITER = r"(?:\\[a-zA-Z]+|\\.|.)?"
TOKEN = re.compile(
    r"(?P<blank>[ \t\n\r]+|%[^\n]*)"
    rf"|\\(?P<fence>left|right)(?![a-zA-Z]){_BLANK}{_DELIMITER}"
    rf"|\\(?:[bB]igg?(?P<side>[lrm]?)|middle)(?![a-zA-Z]){_BLANK}{_DELIMITER}"
    rf"|\\(?P<environment>begin|end)(?![a-zA-Z]){_BLANK}(?:\{{[^{{}}]*\}})?"
    r"|\\(?P<command>[a-zA-Z]+|.)|(?P<character>.)",
    re.S,
)
# Where any of these is, a list may also end before its delimiters do.
SPLITS = re.compile(rf"\\(?:{'|'.join(sorted(SPLITTING))}|textcolor)(?![a-zA-Z])")


def unclosed(tex: str, arguments_of: Callable[[str], int]) -> int:
    """Return how many delimiters open in the formula `tex` without one that closes them in the same
    list; never less than the converter finds. Takes time linear in the length of `tex`.

    `arguments_of` returns how many arguments a command (as "\\frac") takes: a closing delimiter in
    the place of an argument closes nothing.
    """
    count = _Count(arguments_of, splits=bool(SPLITS.search(tex)))
    for match in TOKEN.finditer(tex):
        if match.lastgroup != "blank":
            count.take(match)
    return count.total


@dataclass(slots=True)
class _List:
    """State of one list of symbols (the formula, or a group, an option or an environment in it)
    while it is read.

    unclosed: the number of delimiters in it that may still be closed. arguments: how many arguments
    of the last command are still to come. is_option: True for a list that ends with "]".
    is_environment: True for an environment, and False for a fence (\\left … \\right).
    """

    unclosed: int = 0
    arguments: int = 0
    is_option: bool = False
    is_environment: bool = False


class _Count:
    """State of the count while the tokens of a formula are read from left to right.

    total: the delimiters opened and not closed so far. arguments_of: as in `unclosed`. splits: True
    if the formula has a command that splits lists (SPLITS).
    """

    def __init__(self, arguments_of: Callable[[str], int], splits: bool) -> None:
        self.total = 0
        self._arguments_of = arguments_of
        self._splits = splits
        self._lists = [_List()]
        # Whether the token before gave a symbol, and whether an option may follow it.
        self._is_symbol = False
        self._takes_option = False

    def take(self, match: re.Match) -> None:
        """Count the token of the formula that `match`, a match of TOKEN, has found."""
        current = self._lists[-1]
        is_argument = current.arguments > 0
        is_symbol, takes_option = True, False
        character, command = match["character"], match["command"]
        if not character or character not in "^_'":
            current.arguments -= is_argument
        if match["fence"] or match["environment"]:
            begins = match["fence"] == "left" or match["environment"] == "begin"
            if begins:
                self._lists.append(_List(is_environment=bool(match["environment"])))
            else:
                self._end()
            is_symbol = not begins
        elif match["side"]:
            if match["side"] == "l":
                self._open()
            elif match["side"] == "r" and not is_argument:
                self._close()
        elif character:
            is_symbol = self._character(character, is_argument)
        elif command in ("limits", "nolimits"):
            is_symbol = self._is_symbol
        elif command:
            is_symbol = command not in SILENT
            takes_option = is_symbol and self._command(command, is_argument)
            if command in ROW_BREAKS:
                current.unclosed = 0
        self._is_symbol, self._takes_option = is_symbol, takes_option

    def _command(self, command: str, is_argument: bool) -> bool:
        """Count the command `command` (without backslash); `is_argument` is True if it stands for
        an argument of another. Return True if an option in brackets may follow."""
        current = self._lists[-1]
        if command in OPENING_COMMANDS:
            self._open()
        elif command in CLOSING_COMMANDS:
            if not is_argument:
                self._close()
        elif command in SPLITTING or command in "()[]":
            current.unclosed = 0
            current.arguments += command == "color"
        else:
            # Where its content is split, the pair has its two delimiters in two lists.
            self.total += self._splits and command in PAIRS
            current.arguments += self._arguments_of(f"\\{command}")
        return current.arguments > 0 and bool(TAKES_OPTION.fullmatch(command))

    def _character(self, character: str, is_argument: bool) -> bool:
        """Count the single `character`; `is_argument` is True if it stands for an argument of a
        command. Return True if the converter makes a symbol of it."""
        current = self._lists[-1]
        if character in "^_":
            # Without a symbol before it, it also takes the one after its argument.
            current.arguments = max(current.arguments, 1 if self._is_symbol else 2)
        elif character == "'":
            current.arguments = max(current.arguments, 0 if self._is_symbol else 1)
        elif character == "{":
            self._lists.append(_List())
            return False
        elif character == "}" or (character == "]" and current.is_option):
            self._end()
        elif character == "[" and self._takes_option:
            # An option is no argument.
            current.arguments += is_argument
            self._lists.append(_List(is_option=True))
            return False
        elif character in "&$":
            current.unclosed = 0
            return False
        elif character in OPENING:
            self._open()
        elif character in CLOSING and not is_argument:
            self._close()
        return True

    def _open(self) -> None:
        """Count an opening delimiter as unclosed. Those directly in an environment do not count,
        since the converter does not look for their ends in its cells, unless the formula has a
        command that splits lists (SPLITS)."""
        current = self._lists[-1]
        if self._splits or not current.is_environment:
            self.total += 1
            current.unclosed += 1

    def _close(self) -> None:
        """Count a closing delimiter: it closes the last delimiter that is open in the current list;
        ignored if none is."""
        current = self._lists[-1]
        if current.unclosed:
            current.unclosed -= 1
            self.total -= 1

    def _end(self) -> None:
        """End the current list; what is open in it stays in the total."""
        if len(self._lists) > 1:
            self._lists.pop()
