"""No regular expression of ours takes more than linear time: each is tried on hostile texts.

All of conversations/ and chatsite/ but upstream/, whose texts have tests of their own. An
expression is taken where it is: names of modules, and literals given to `re.sub` and the like.
"""

import ast
import importlib
import random
import re
from pathlib import Path
from re import _constants as op
from re import _parser as parser

import pytest

from tests.support.processor_time import least
from tests.support.soak_scale import amount

pytestmark = pytest.mark.measures

ROOT = Path(__file__).parent.parent
# A text of so many characters, and what an expression may take for one of them: the slowest takes
# a third of a microsecond. One of quadratic time takes 5 µs and more for each of 4,000.
CHARACTERS = amount(4_000, 8_000)
PER_CHARACTER = 4e-6  # seconds
# How many pairs of fragments are tried with an expression.
PAIRS = amount(25, 150)
ANYWHERE = {"search", "sub", "subn", "finditer", "findall", "split"}

# What takes longer on texts that it never meets.
GUARDED = {
    "conversations.rendering.markdown.LINK": "comrak's HTML alone, in which each <a> is closed",
    "conversations.rendering.list_and_table_parts.TABLE": "matched at the beginning alone",
    "conversations.replies.title_text._last_word": "lines of LONGEST_LINE characters",
    "conversations.search.strip_markdown._MARK": "a snippet's BEHIND + AHEAD characters",
}
# Functions that build expressions, each of escaped words or numbers of ours; what they take is
# measured in test_text_costs.py.
BUILT = {
    "conversations/rendering/block_html.py:fenced",
    "conversations/rendering/open_block.py:_show_verbatim",
    "conversations/rendering/protected_source.py:_end_of_fence",
    "conversations/rendering/protected_source.py:_end_of_environment",
    "conversations/rendering/nested_fences.py:_make_longer",
    "conversations/rendering/formula_block.py:end_of",
    "conversations/rendering/tex_macros.py:_put_in",
    "conversations/search/highlight.py:_find_words",
    "conversations/search/symbols.py:find",
    "conversations/search/symbols.py:patterns",
    "conversations/tools/refusal.py:_place_of",
}

# What was quadratic once, or worse.
WORST = [
    ("conversations.rendering.incomplete_markdown.FENCE_LINE", "~" * CHARACTERS),
    ("conversations.rendering.incomplete_markdown.CODE_SPAN", "`" * CHARACTERS),
    ("conversations.rendering.line_syntax.FENCE", "~" * (CHARACTERS // 2) + "\n\n"),
    ("conversations.rendering.link_references.LABEL", "\\[" * (CHARACTERS // 2)),
    ("conversations.rendering.nested_fences.ANY", "~" * CHARACTERS),
    ("conversations.rendering.tex.MATH_IN_TEXT", "\\(" * (CHARACTERS // 2)),
    ("conversations.search.mark_html._TAG", "<" + "a" * CHARACTERS),
]


def sources():
    for folder in ("conversations", "chatsite"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"migrations", "upstream"} & set(path.parts):
                yield path, path.read_text()


def methods_called(text):
    """Return the names of the methods that the source `text` calls, by the name before the dot."""
    found = {}
    for name, method in re.findall(r"\b(\w+)\.(\w+)\(", text):
        found.setdefault(name, set()).add(method)
    return found


def found():
    """`{name: (pattern, whether it is tried anywhere in a text)}` and the functions that build."""
    patterns, built = {}, set()
    everywhere = methods_called("\n".join(text for _path, text in sources()))
    for path, text in sources():
        if "import re\n" not in text:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        here = methods_called(text)
        for name, value in vars(importlib.import_module(module)).items():
            for number, pattern in enumerate(_patterns(value)):
                used = here.get(name) or everywhere.get(name, set())
                where = f"{module}.{name}" + (f"[{number}]" if number else "")
                patterns.setdefault(where, (pattern, bool(used & ANYWHERE) or not used))
        for function, call in _calls(ast.parse(text)):
            if isinstance(call.args[0], ast.Constant):
                flags = re.M if any("M" in ast.unparse(a) for a in call.keywords) else 0
                where = f"{module}.{function}:{call.lineno}"
                anywhere = call.func.attr in {*ANYWHERE, "compile"}
                patterns[where] = (re.compile(call.args[0].value, flags), anywhere)
            elif not isinstance(call.args[0], ast.Name):
                built.add(f"{path.relative_to(ROOT)}:{function}")
    return patterns, built


def _patterns(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _patterns(each)
    elif isinstance(value, dict):
        yield from _patterns(list(value.values()))


def _calls(tree):
    """The calls `re.x(…)` in functions, with the name of the innermost one."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
                    if node.args and not ast.unparse(node.func).endswith(".escape"):
                        yield function.name, node


PATTERNS, BUILDERS = found()


def fragments(pattern):
    """Short strings that the expression knows something about."""
    found = {"a", " ", "\n", "!"}

    def walk(items):
        literal = ""
        for code, value in [*items, (None, None)]:
            if code is op.LITERAL:
                literal += chr(value)
                found.add(chr(value))
                continue
            if literal:
                found.add(literal)
                literal = ""
            if code is op.IN:
                for kind, item in value:
                    if kind is op.LITERAL:
                        found.add(chr(item))
                    elif kind is op.RANGE:
                        found.add(chr(item[0]))
            elif code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
                walk(value[2])
            elif code is op.SUBPATTERN:
                walk(value[3])
            elif code is op.ATOMIC_GROUP:
                walk(value)
            elif code is op.BRANCH:
                for branch in value[1]:
                    walk(branch)
            elif code in (op.ASSERT, op.ASSERT_NOT):
                walk(value[1])
            elif code is op.GROUPREF_EXISTS:
                walk(value[1])
                walk(value[2] or ())

    walk(parser.parse(pattern.pattern, pattern.flags))
    return sorted(found)


def texts(pattern):
    """Fragments over and over, one after the other, and one after many of the other."""
    known = fragments(pattern)
    pairs = [(first, second) for first in known for second in known if first != second]
    chosen = random.Random(ascii(pattern.pattern)).sample(pairs, min(PAIRS, len(pairs)))
    for fragment in known:
        yield _filled(fragment, CHARACTERS)
        yield _filled(fragment, CHARACTERS) + "\x00"
    for first, second in chosen:
        yield _filled(first + second, CHARACTERS)
        yield first + _filled(second, CHARACTERS) + "\x00"
        yield _filled(first, CHARACTERS // 2) + _filled(second, CHARACTERS // 2)


def _filled(fragment, length):
    return (fragment * (length // len(fragment) + 1))[:length]


def run(pattern, anywhere, text):
    if isinstance(pattern.pattern, bytes):
        text = text.encode("utf-8", "replace")
    if anywhere:
        for _ in pattern.finditer(text):
            pass
    else:
        pattern.match(text)
        pattern.fullmatch(text)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(PATTERNS) - set(GUARDED)))
def test_an_expression_takes_linear_time(name):
    pattern, anywhere = PATTERNS[name]
    most = CHARACTERS * PER_CHARACTER
    for text in texts(pattern):
        taken = least(run, pattern, anywhere, text, most=most)
        assert taken < most, ascii(f"{text[:40]}…{text[-5:]}")


@pytest.mark.parametrize(("name", "text"), WORST, ids=[name for name, _text in WORST])
def test_what_was_quadratic_once_is_not_any_more(name, text):
    pattern, anywhere = PATTERNS[name]
    most = CHARACTERS * PER_CHARACTER

    assert least(run, pattern, anywhere, text, most=most) < most


def test_expressions_are_where_they_are_measured():
    assert len(PATTERNS) > 100
    assert set(GUARDED) <= set(PATTERNS)
    assert BUILDERS == BUILT


@pytest.mark.parametrize("pattern", [r"\S+[^a]\S+\Z", r"(a|a)*b", r"<a>.*?</a>"])
def test_the_measure_finds_what_is_not_linear(pattern):
    most = CHARACTERS * PER_CHARACTER
    slow = re.compile(pattern)

    assert any(least(run, slow, True, text, most=most) >= most for text in texts(slow))
