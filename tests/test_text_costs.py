"""What hostile text costs all that reads text: processor time, on texts made of fragments.

Each function gets texts of 8,000 characters, the most that is rendered on the event loop at once
(live_reply.INLINE), and may take 0.1 s for one. What takes the square of the length is far above.
"""

import random
import time
from html import unescape
from re import sub

import pytest

from conversations.prompt import estimate_tokens
from conversations.rendering import Stream, render, render_typed
from conversations.rendering.code_box import LANGUAGES, lexer_of
from conversations.rendering.highlighting import highlight
from conversations.rendering.highlighting.limits import JOB_SECONDS
from conversations.replies.titles import clean
from conversations.search.highlight import snippet
from conversations.search.mark_html import mark_html
from conversations.search.query import parse
from conversations.search.strip_markdown import strip_markdown
from conversations.search.terms import terms
from conversations.transfer import chatgpt_citation_marks, chatgpt_content
from conversations.upstream.gateway_errors import refusal
from conversations.upstream.gateway_text import Redactor
from tests.support.processor_time import least
from tests.support.soak_scale import SOAK, amount

pytestmark = pytest.mark.measures

CHARACTERS = 8_000
MOST = 0.1  # seconds of processor time
# Of a thousand random texts the worst takes 0.07 s, and twice that where others use the machine.
MOST_OF_RANDOM = amount(MOST, 2 * MOST)

# A blank stands there as ␣ and the end of a line as ⏎.
MARKDOWN = r"""
![ [ ]( [a]( [a] [^a] [^a]:␣b⏎ [a]:␣b⏎ * ** _ __ ~ ~~ ~~~ ` `` ``` $ $$ \( \) \[ \] \ < <a <!-- <?
</ <b> & &# &amp; | |- a|b⏎ - -␣ +␣ 1.␣ >␣ > # #␣ http:// www. http://a.b/ a@b.co :// mailto:
x a a␣ a. *a *a␣ **a _a_ -␣[␣]␣ == --- ( ) { } " ' ^ é 漢 ， 🎉 : :: :- ␣ ⏎ ⏎⏎ ␣␣⏎ <div>⏎ ```a⏎ ~~~⏎
$$⏎ \[⏎ ```markdown⏎ <details> <summary> <sub> </sub> <br>
"""
MARKDOWN = MARKDOWN.replace("\n", " ").replace("⏎", "\n").split(" ")
MARKDOWN = [each.replace("␣", " ") for each in MARKDOWN if each]
MARKDOWN += "\t\r\u200b\u202e\x0b\u00a0"
TEX = r"""
_{ ^{ \frac \sqrt \left( \right) \begin{align} \end{align} \begin{matrix} & \\ \text{ $ \ce{ ->
\hat \def\a{ \a } { x x_ ' \, \overset \mathrm{ \color{red} \boxed{ \qty{5
""".split()
LINES = """a int ( { } <a> " ' /* // # - -- : = a= @ \\ 1 0x a. $ ${ `""".split()
LINES += ["a\n", "\n", " ", "\t", "a\n\n", "a:\n", "int a;\n"]


def stream_at_once(text):
    stream = Stream()
    stream.append(text[:-3])
    stream.refresh()
    stream.append(text[-3:])
    stream.refresh()


def stream_in_steps(text):
    """Eighty at a time, and all of it within the limit."""
    stream = Stream()
    for at in range(0, len(text), 80):
        stream.append(text[at : at + 80])
        stream.refresh()
    stream.complete()


FUNCTIONS = {
    "render": render,
    "typed": render_typed,
    "stream at once": stream_at_once,
    "stream in steps": stream_in_steps,
    "formula": lambda text: render(f"$${text[:3_990]}$$"),
    "title": clean,
    "snippet": lambda text: snippet(text, parse('a "a a" ++')),
    "mark": lambda text: mark_html(render_typed(text), parse("a b")),
    "strip": lambda text: strip_markdown(text[:700], []),
    "terms": terms,
    "query": lambda text: parse(text),
    "tokens": estimate_tokens,
    "imported code": lambda text: chatgpt_content.fenced(text, "python"),
    "error": lambda text: refusal(500, {}, text.encode(), Redactor("key", "gateway.example")),
    "citations": lambda text: chatgpt_citation_marks.resolve(
        text, {}, chatgpt_citation_marks.find_sources({})
    ),
}

# What took seconds once.
WORST = {
    "a run of tildes in a list": "1. " + "~" * CHARACTERS,
    "a run of backticks in a quote": "> " + "`" * CHARACTERS,
    "words of hosts in one address": "http://a.b/" + "a@b.co" * (CHARACTERS // 6),
    "images begun": "![" * (CHARACTERS // 2),
    "escaped brackets after a definition": "[a]: b\n\n" + "\\[" * (CHARACTERS // 2),
    "many links with what is looked for": "http://a.b/ b " * (CHARACTERS // 14),
    "brackets that never close": "$$" + "(" * 40 + "$$",
    "such brackets in groups": "$$" + "{[x}" * 40 + "$$",
    "an open list of backticks": "- a " + "`` ` " * (CHARACTERS // 5),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", WORST)
def test_what_took_long_once_does_not_any_more(function, name):
    assert least(FUNCTIONS[function], WORST[name], most=MOST) < MOST


def made(fragments, choice):
    """A text of some fragments: together over and over, or one after the other."""
    chosen = [choice.choice(fragments) for _ in range(choice.choice((1, 2, 2, 3, 4)))]
    start = choice.choice(("", "", "- ", "> ", "1. ", "[a]: b\n\n", "|a|b|\n|-|-|\n", "```\n"))
    if choice.random() < 0.5:
        unit = "".join(chosen)
        return start + (unit * CHARACTERS)[:CHARACTERS]
    each = CHARACTERS // len(chosen)
    return start + "".join((fragment * each)[:each] for fragment in chosen)


def texts(fragments, few):
    """`few` texts, the same each time; in `make soak` others for a minute."""
    choice = random.Random(None if SOAK else 3)
    end = time.monotonic() + amount(0, 60)
    while few > 0 or time.monotonic() < end:
        few -= 1
        yield made(fragments, choice)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["markdown", "formulas"])
def test_texts_made_of_fragments_cost_little(kind):
    for text in texts({"markdown": MARKDOWN, "formulas": MARKDOWN + TEX * 3}[kind], 12):
        for name, function in FUNCTIONS.items():
            if name != "formula" or kind == "formulas":
                taken = least(function, text, most=MOST_OF_RANDOM)
                assert taken < MOST_OF_RANDOM, f"{name}: {text[:30]!a} … {text[-10:]!a}"


@pytest.mark.soak
def test_no_code_costs_more_than_its_limit_and_all_of_it_is_shown():
    choice = random.Random(None if SOAK else 3)
    languages = sorted(LANGUAGES)
    for code in texts(LINES + MARKDOWN, 20):
        code = code.replace("\r", "")
        highlighted = highlight(code, lexer_of(code, choice.choice(languages))).result(30)
        # The timer counts in the system's ticks.
        assert highlighted.seconds <= JOB_SECONDS + 0.3
        if highlighted.html is not None:
            assert unescape(sub("</?span[^>]*>", "", highlighted.html)) == code


@pytest.mark.soak
def test_bodies_of_errors_cost_little():
    words = ["model ", "a", " ", "\n", '\\"', "{", "[", "Error: ", "<b>", ":", ".", "'", "data: "]
    for text in texts(words, 20):
        for body in (text, f'{{"error": {{"message": "{text}"}}}}'):
            assert least(FUNCTIONS["error"], body, most=MOST) < MOST
