"""Search words that have symbols or consist of them: `C++`, `.NET`, `->`, an emoji. Pure.

In `terms.words` symbols count as spaces, so that a phrase also matches across `**bold**` words and
quotation marks. These words with symbols are indexed in addition, each once for a text:

- a word with `+` or `#` after it (`c++`, `c#`, and whole `c++17`), or with `.`, `#`, `@` or `$`
  before it (`.net`, `#tag`, `$HOME`);
- an operator: up to OPERATOR symbols side by side (`->`, `!=`, `&&`), with and without the marks of
  Markdown or the full stop around them;
- an emoji or another of Unicode's symbols, without skin tone; a sequence of them that is joined by
  U+200D also by its parts (👩‍💻 is 👩‍💻, 👩 and 💻).

ASCII symbols are written in their full-width forms (`＋`), since FTS5's tokenizer would split
words at them. No other word has those: folding makes them ASCII first.
"""

import re
import unicodedata
from typing import NamedTuple

OPERATOR = 6  # symbols; a longer row of them is a line
MOST = 2_000  # of one text

_ASCII = "+#-*/%=<>!&|^~:?@.\\$"
_FULL_WIDTH = {symbol: chr(ord(symbol) + 0xFEE0) for symbol in _ASCII}
_OPERATORS = re.escape("".join(_FULL_WIDTH.values()))
# Before a word they are part of it.
_AFFIXES = "．＃＠＄"
JOINER = "\u200d"
_TONES = "\U0001f3fb-\U0001f3ff"
_FLAG = "[\U0001f1e6-\U0001f1ff]"
# Currencies, arrows, mathematics, technical and geometric signs, dingbats, pictographs.
_PICTURED = (
    "\u00a2-\u00a9\u00ac\u00ae-\u00b1\u00d7\u00f7\u20a0-\u20cf\u2100-\u214f\u2190-\u23ff"
    "\u2500-\u27bf\u2900-\u2bff\U0001f000-\U0001faff"
)
_SYMBOL = re.compile(f"[{_PICTURED}]")
_TONE = re.compile(f"[{_TONES}]")
# Around an operator: emphasis, the bars of a table, the end of a sentence.
_BEFORE, _BEHIND = "＊｜～", "＊｜～．：！？"
# Alone they are punctuation.
_PUNCTUATION = set("．：！？")
# Rows of these are lines, bullets and dashes; as operators they count only where nothing else is
# looked for.
_DECORATION = "－＊＝＃～．｜＞"


class Symbol(NamedTuple):
    """Word with symbols found in a text: `word` (folded), at the offsets `start` to `end`.

    `stands` is True if no letter is directly before it (`.net`, but not in `asp.net`), `whole` if
    it is not only a part of a longer one (as `c++` is of `c++17`).
    """

    word: str
    start: int
    end: int
    stands: bool = True
    whole: bool = True

    @property
    def is_decoration(self):
        """Return True if the symbol may be mere decoration of a text: one ASCII symbol, or a row of
        one such as `---`."""
        return len(set(self.word)) == 1 and (
            self.word[0] in _DECORATION or self.word in _FULL_WIDTH.values()
        )


def folded_symbol(character):
    """Return the text that replaces the symbol `character` in a folded text: full-width for ASCII,
    "" for a skin tone, else itself; None if it is no symbol."""
    if character in _FULL_WIDTH:
        return _FULL_WIDTH[character]
    if character == JOINER:
        return JOINER
    if _TONE.match(character):
        return ""
    if _SYMBOL.match(character) and unicodedata.category(character)[0] == "S":
        return character
    return None


def patterns(unspaced):
    """Return the tuple of compiled regular expressions that `find` takes as `compiled`.

    `unspaced` has the characters of scripts without spaces, as the inside of a regular expression's
    `[…]`; they are never part of a word with symbols.
    """
    gap = f" {unspaced}{_OPERATORS}{_PICTURED}{JOINER}"
    letter = f"[^{gap}]"
    suffix = f"(?:[＋＃]++{letter}*+)"
    affix = f"[{_AFFIXES}]"
    affixed = re.compile(
        f"(?<!{letter}){affix}?{letter}++{suffix}+|{affix}(?=[^\\d{gap}]){letter}++"
    )
    return (
        affixed,
        re.compile(f"[{_OPERATORS}]++"),
        re.compile(f"{_FLAG}{{2}}|[{_PICTURED}](?:{JOINER}[{_PICTURED}])*+"),
        re.compile(letter),
        re.compile("[＋＃]++"),
    )


def find(folded, compiled):
    """Yield the Symbols in `folded`, a text in which letters are folded and symbols kept: first
    words with symbols, then operators, then emojis. `compiled` is the tuple of regular expressions
    that `patterns` returned."""
    affixed, operators, pictured, letter, suffix = compiled
    rest, at = [], 0
    for match in affixed.finditer(folded):
        start, word = match.start(), match[0]
        stands = start == 0 or not letter.match(folded[start - 1])
        yield Symbol(word, start, match.end(), stands)
        # Also without what is glued to it, `c++` of `c++17`, and the symbols by themselves.
        first = suffix.search(word, 1)
        if first:
            yield Symbol(first[0], start + first.start(), start + first.end(), whole=False)
        if first and first.end() < len(word):
            yield Symbol(word[: first.end()], start, start + first.end(), stands, whole=False)
        rest += [folded[at:start], " " * len(word)]
        at = match.end()
    for match in operators.finditer("".join([*rest, folded[at:]])):
        yield from _operators(match)
    for match in pictured.finditer(folded):
        word = match[0]
        yield Symbol(word, *match.span())
        if JOINER in word:
            for part in re.finditer(f"[^{JOINER}]", word):
                start = match.start() + part.start()
                yield Symbol(part[0], start, start + 1, whole=False)


def _operators(match):
    """Yield the operators in a match of ASCII symbols, as Symbols: all of it, and without Markdown
    or punctuation before and after it."""
    run, start = match[0], match.start()
    if len(run) == 1:
        if run not in _PUNCTUATION:
            yield Symbol(run, start, start + 1)
        return
    begin = len(run) - len(run.lstrip(_BEFORE))
    end = len(run.rstrip(_BEHIND))
    for first, last in dict.fromkeys(((0, len(run)), (begin, end), (0, end), (begin, len(run)))):
        word = run[first:last]
        if 0 < len(word) <= OPERATOR and word not in _PUNCTUATION:
            yield Symbol(word, start + first, start + last, whole=word == run)
