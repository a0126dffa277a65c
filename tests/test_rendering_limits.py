"""What is too much, and that the work grows with the text and no faster."""

import re
import subprocess
import sys
import threading
from time import process_time

import pytest

from bench.rendering import MIXED, PROSE
from conversations.rendering import Stream, render, render_typed
from tests.support.markdown_samples import REPLY

pytestmark = pytest.mark.measures

PLAIN = '<div class="block" data-block="{}"><pre class="plain" tabindex="0">'


def test_a_message_over_200_000_characters_is_plain_text():
    text = f"# Head\n\n**bold** <b> {'and more ' * 9}\n\n" * 2_300

    html = render(text)

    assert html.startswith(PLAIN.format(0) + "# Head\n\n**bold** &lt;b&gt; and")
    assert html.count("<") == 4
    assert "<strong>" in render(text[:200_000])


def test_a_message_of_over_10_000_blocks_is_plain_text():
    html = render("*a*\n\n" * 10_001)

    assert html.startswith(PLAIN.format(0) + "*a*\n\n*a*")
    assert html.count("<") == 4
    assert render("*a*\n\n" * 10_000).count("<em>") == 10_000


@pytest.mark.parametrize("text", ["Some **text**.\n\n" * 15_000, "*a*\n\n" * 10_500])
def test_a_message_that_becomes_too_long_while_it_streams_ends_the_same(text):
    stream = Stream()
    for at in range(0, len(text), 5_000):
        stream.append(text[at : at + 5_000])
        stream.refresh()
        assert len(stream.open) < 20_000

    assert stream.finish() == render(text)
    assert "".join(stream.frozen) == render(text)
    assert stream.open == ""


@pytest.mark.parametrize("lines", ["a **b**\n", "- a\n", "> a\n", "```\na\n\n", "<div>\na\n"])
def test_a_block_over_32_000_characters_is_plain_text(lines):
    head = lines if lines[0] in "`<" else ""
    line = lines.splitlines(keepends=True)[-1] if head else lines
    block = head + line * (32_001 // len(line) + 1)
    text = f"before\n\n{block}\n\n# after"

    html = render(text)

    assert PLAIN.format(1) in html
    assert '<div class="block" data-block="0"><p>before</p>' in html


def test_an_open_block_that_becomes_too_long_is_shown_plainly():
    stream = Stream()
    stream.append("a **b** " * 4_100)
    stream.refresh()

    assert stream.open.startswith(PLAIN.format(0) + "a **b** a **b** ")


HEAVY = {
    "a table of too many cells": "|" + "a|" * 400 + "\n|" + "-|" * 400 + "\n" + "a\n" * 400,
    "such a table in a list": "- x\n\n  |"
    + "a|" * 400
    + "\n  |"
    + "-|" * 400
    + "\n"
    + "  a\n" * 99,
    "such a table in a quote": "> |" + "a|" * 400 + "\n> |" + "-|" * 400 + "\n" + "> a\n" * 99,
    "quotes in quotes": ">" * 51 + " a",
    "lists in lists": "- " * 51 + "a",
    "numbers in numbers": "1. " * 51 + "a",
    "all of them": "> - 1) " * 17 + "a",
    "formulas begun and not ended": "\\(" * 1_001,
}


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_too_heavy_for_the_parser_is_plain_text(name):
    html = render("*a*\n\n" + HEAVY[name] + "\n\n*b*")

    assert html.count('<pre class="plain"') == 1
    assert "<em>a</em>" in html
    assert "<em>b</em>" in html


def test_what_is_not_too_heavy_is_rendered():
    assert "<blockquote>" in render(">" * 50 + " a")
    assert "<table>" in render("|" + "a|" * 9 + "\n|" + "-|" * 9 + "\n" + "b\n" * 900)
    assert "<ul>" in render("- " * 50 + "a")


def test_code_full_of_marks_is_still_code():
    text = "```\n" + "> " * 60 + "\n" + "|-" * 300 + "\n" * 300 + "```\n"

    assert '<div class="code">' in render(text)


def test_a_reply_of_100_kb_is_parsed_less_than_three_times():
    text = (PROSE + MIXED) * 75 + REPLY.rpartition("```")[0]
    assert len(text) > 100_000
    stream = Stream()
    for at in range(0, len(text), 8):
        stream.append(text[at : at + 8])
        stream.refresh()
    stream.finish()

    assert len(text) / 2 < stream.rendered_characters < 3 * len(text)


def test_blocks_without_end_are_not_parsed_more_often():
    for line in ("- item **a** and `b`\n", "| a | **b** |\n", "*a* b ", "> `q`\n", "- a\n\n"):
        head = "| x | y |\n|---|---|\n" if line[0] == "|" else ""
        text = head + line * (30_000 // len(line))
        stream = Stream()
        for at in range(0, len(text), 8):
            stream.append(text[at : at + 8])
            stream.refresh()
        stream.finish()

        assert stream.rendered_characters < 3 * len(text)


HOSTILE = {
    **{name: text for name, text in HEAVY.items() if "\n" not in text},
    **{
        repr(unit): unit
        for unit in (
            *["*a **b ", "_a ", "~~a ", "`a ``b ", "[", "![", "[a](", "[a][", "<a b='", "<!-- a "],
            *[
                "a@b.co ",
                "http://a.b/",
                "www.a.",
                "$a ",
                "$$a ",
                "\\[ ",
                "- a\n",
                "> a\n",
                "1. a\n",
            ],
            *[
                "|a|b\n",
                "\t- ",
                "```\n",
                "[a]: b\n",
                "[a]: b\n\n",
                "# a\n",
                "$$\n",
                "\\[\n",
                "<b>\n",
            ],
            *[
                " ",
                "\\",
                "&",
                "[a\\]",
                "```a`\n",
                "[a]: b 'c\n",
                "[a]:\n",
                "a.",
                "-\n",
                "<https://a",
            ],
            *["$a$ ", "$$ a\n\n", "\\[ a\n\n", "\\text{", "$\\text{", "$a b ", "\\begin{align}\n"],
            *["<details>\n", "<details>", "</details>\n\n", "<sub>", "<sub></sup>", "<br>", "~a "],
            *["```md\n", "```md\n```sh\n", "- ```md\n", "<details>\n<summary>\n\n", "`$", "<su"],
        )
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_no_faster_than_the_text(name):
    def seconds(function, length):
        text = (HOSTILE[name] * (length // len(HOSTILE[name]) + 1))[:length]
        before = process_time()
        function(text)
        return process_time() - before

    def grows(function):
        # Blocks are bounded, so a quadratic block counts as linear from its full length on.
        return seconds(function, 120_000) >= 10 * seconds(function, 30_000) + 0.02

    # Once more where it seems so, for a busy machine slows a single run.
    assert not (grows(render) and grows(render))
    assert not (grows(render_typed) and grows(render_typed))


NESTING = [
    *["\\pmod", "\\boxed", "\\cancel", "\\xcancel", "\\substack", "\\tag", "\\sqrt", "\\frac1"],
    *["\\textcolor{red}", "\\smash", "\\ce", "\\underbrace", "\\widetilde", "\\mathop", "\\fbox"],
]
ENVIRONMENTS = ["align", "split", "gather", "equation", "cases", "pmatrix", "eqnarray"]
DEEP = [
    "{" * 3_000,
    "\\sqrt" * 700 + "x",
    "\\hat" * 900 + "x",
    "\\frac{1}" * 450 + "x",
    "\\frac1" * 600 + "x",
    "\\sqrt[3]" * 450 + "x",
    "\\left(" * 600,
    "\\begin{matrix}" * 280,
    "\\overset a" * 380 + "b",
    "\\def\\a{" + "\\sqrt" * 40 + "}\\def\\b{" + "\\a" * 40 + "}\\b x",
    "\\newcommand\\a[1]{\\sqrt{#1}}" + "\\a" * 900 + "x",
    "x" + "'" * 3_900,
    "\\text{" * 600,
    "x_{" * 1_300,
    # As deep as the limit allows, of what the library builds by macros and what is rewritten.
    *(f"{{{command}{{" * 25 + "x" + "}}" * 25 for command in NESTING),
    *(f"\\begin{{{name}}}" * 50 + "x" + f"\\end{{{name}}}" * 50 for name in ENVIRONMENTS),
    "\\left(" * 50 + "x" + "\\right)" * 50,
    "\\implies" * 500,
    "\\substack{" * 450,
    "\\text{$" * 600,
    "\\ce{" * 900,
]


def test_no_formula_overflows_a_small_stack():
    """In a process of its own, as a failure would end it."""
    run = subprocess.run([sys.executable, "-m", "tests.test_rendering_limits"], timeout=60)

    assert run.returncode == 0


@pytest.mark.parametrize("tex", ["x" * 4_001, "{" * 51 + "x" + "}" * 51, "\\sqrt" * 201 + "x"])
def test_a_formula_too_long_or_too_deep_is_shown_as_its_source(tex):
    html = render(f"${tex}$")

    assert f'<code class="formula">{tex}</code>' in html


def test_an_ordinary_long_formula_is_converted():
    terms = " + ".join(rf"\frac{{\hat{{x}}_{{{n}}}}}{{\sqrt{{{n}}}}}" for n in range(60))

    assert "<math" in render(f"$${terms}$$")


def test_long_code_has_no_colours():
    assert not re.search('<span class="', render("```python\n" + "x = 1\n" * 4_000 + "```"))


def test_definitions_multiply_nothing():
    """A definition is put before each block that uses it; that must not add up without end."""
    text = f"[a]: https://b.org/{'c' * 1_900}\n\n" + "[a]\n\n" * 9_000

    html = render(text)

    assert len(html) < 3_000_000
    assert html.count("<a ") == 52


if __name__ == "__main__":
    threading.stack_size(512 * 1024)
    thread = threading.Thread(target=lambda: [render(f"$${tex}$$") for tex in DEEP])
    thread.start()
    thread.join()
