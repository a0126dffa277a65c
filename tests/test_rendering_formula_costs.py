"""What a formula costs, whatever is in it: the converter to MathML cannot be interrupted."""

import json
import subprocess
import sys

import pytest

from conversations.rendering import render
from conversations.rendering.tex_delimiters import unclosed
from conversations.rendering.tex_to_mathml import FORMULA_UNCLOSED, _arguments_of
from tests.support.soak_scale import SOAK, amount

# With so many of them, each in the same list as the others, the converter takes about a second.
TIMES = 22
# Pieces with an opening delimiter that nothing closes, although something may look so.
LEFT_OPEN = r"""
( [ \{ ⟨ ⌈ ⦅ \lvert \lmoustache \bigl( \Bigl. \mathopen( \not( {(} {\bigl(} (^) (_{)} \sqrt{x}(
(\text{)} (\mathrm{)} (\frac{a})b (\binom{a})b (\stackrel)a (\sqrt[)]{x} (\xrightarrow[)]{a}
(\genfrac{}{}{}{}{}{)} (\prescript{a}{b}) (\mathchoice{a}{b}{c}) (\sum_) (\sum\limits_) (\lim^)
(\phantom) (\tfrac1) (\underbrace{a}_) (\middle) (\operatorname{)} (\begin{matrix})\end{matrix}
(\left)\right. ([a) \not[ \xcancel[ \mathbin[
""".split()
SPLIT = [
    "(" * TIMES + r"\displaystyle" + ")" * TIMES,
    "(" * TIMES + r"\color{red}" + ")" * TIMES,
    "(" * TIMES + r"a\over " + ")" * TIMES,
    "(" * TIMES + r"a\choose " + ")" * TIMES,
    r"\begin{matrix}\displaystyle" + "(" * TIMES + "&" + ")" * TIMES + r"\end{matrix}",
    r"\begin{matrix}\displaystyle" + "(" * TIMES + r"\\" + ")" * TIMES + r"\end{matrix}",
    r"\bra{" * TIMES + r"\displaystyle a" + "}" * TIMES,
    r"\textcolor{red}{" + r"\bra{" * TIMES + r"\right)" + "}" * TIMES + "}",
    r"\let\a(" + r"\a" * TIMES,
    r"\newcommand{\a}{(}" + r"\a " * TIMES,
]


@pytest.mark.parametrize("tex", [piece * TIMES for piece in LEFT_OPEN] + SPLIT)
def test_a_formula_with_many_delimiters_left_open_is_shown_as_its_source(tex):
    assert '<code class="formula">' in render(f"$${tex}$$")


@pytest.mark.parametrize(
    "tex",
    [
        "(a)" * 300,
        "(" * 100 + ")" * 100,
        "([a), {(b]}, n!, " * 30,
        r"f(\sqrt{x}) \cdot g(\frac{a}{b}) \bigl(\sin(x)\bigr) \lvert x \rvert " * 20,
        r"\left(\frac{(a)}{\vec b}\right) \in [0, 1) " * 30,
        r"h(\alpha^2) + h(\beta_i') + \sum\limits_{i}(x_i) + \int\limits_a^b(x) " * 20,
        r"\begin{cases} x & x \in \left]0, 1\right[ \\ y & y \in ]0, 1[ \end{cases}" * 8,
        r"(\mathbf{a}) (\mathbf a) (\hat a) (\text{if }x) \operatorname{f}(x) \sin(x)(\rm a) " * 12,
        r"\begin{aligned} f(x) &= (a \\ &\quad + b) \end{aligned}" * 10,
        r"\bra{a} \ket{b} \braket{a} ⟨x⟩ \langle x | y \rangle \set{x} a \pmod{n}" * 20,
        r"\sqrt[3]{x} (\xrightarrow[(a)]{b}) (x') \big(x\big) \Big| x \Big| " * 20,
    ],
)
def test_delimiters_that_are_closed_are_not_counted(tex):
    assert '<code class="formula">' not in render(f"$${tex}$$")


def test_what_is_left_open_here_and_there_is_converted():
    few = "]0, 1[ " + r" \cup ]a, b[ " + r"(\mathrm{)} \text{(} "
    assert 0 < unclosed(few, _arguments_of) <= FORMULA_UNCLOSED
    assert "<math" in render(f"$${few}$$")


@pytest.mark.measures
@pytest.mark.soak
def test_no_formula_takes_long():
    """Formulas of a grammar, in a process that ends with an error where one does not end at all."""
    seconds = amount(2, 90)
    seed = random_seed() if SOAK else 5
    child = [sys.executable, "-m", "tests.support.formula_grammar", str(seed), str(seconds)]
    tried = subprocess.run(child, capture_output=True, text=True, check=False)
    *formulas, last = map(json.loads, tried.stdout.splitlines())
    assert tried.returncode == 0, f"seed {seed}: {last!r}"
    assert last["seconds"] < 0.1, f"{last['tex'][:60]!r} … {last['tex'][-30:]!r}"
    # Of those that the converter takes.
    assert last["converted"] > len(formulas) / 10


def random_seed():
    import random

    return random.randrange(2**32)
