"""Fuzzer of the formula converter: random TeX, and how long the slowest takes.

python -m tests.support.formula_grammar SEED SECONDS    tries formulas for so many seconds

The converter cannot be interrupted, so it runs in a process of its own with limited processor time.
Each formula is printed as JSON before it is converted; the last line is a summary.
"""

import json
import random
import resource
import sys
import time

CHARACTERS = 3_990
# Pieces of TeX, separated by white space; ␣ stands for a space.
PIECES = r"""
a x 1 12 1.5 . , ; : ! ? ' '' + - = < > | / * ~ & \\ ␣ \, \; \quad \! % ( ) [ ] \{ \} ⟨ ⟩ ⌈ ⌉ ⦅ ⦆
\langle \rangle \lvert \rvert \lVert \lbrace \rbrace \lceil \ulcorner \lmoustache \llbracket
\bigl( \bigr) \big( \Bigl\{ \biggr] \bigm| \middle| \left( \right) \left. \right. { } {a} {(} {)}
{()} ^ _ ^2 _i ^( ^) _) ^{)} _{(} '^) \limits \nolimits \limits_) \sum \int \lim \sin \cos
\operatorname{f} \operatorname{(} \mathrm) \mathrm{)} \mathbf( \mathbf{a} \rm \bf \cal \text{a}
\text{)} \text{(} \text{$($} \mbox{a} \frac \frac{a} \frac{a}) \frac() \frac{a}{b} \sqrt \sqrt[
\sqrt[3]{x} \sqrt[)]{x} \binom{a}{b} \overset{a} \overset)a \underset \stackrel{a}{b} \hat \hat{a}
\vec) \overline{x} \underbrace{a} \underbrace{a}_) \xrightarrow{a} \xrightarrow[a]{b}
\xrightarrow[)]{b} \displaystyle \textstyle \scriptstyle \over \choose \atop \color{red}
\textcolor{red}{x} \boxed{a} \begin{matrix} \end{matrix} \begin{array}{c} \end{array}
\begin{aligned} \end{aligned} \begin{cases} \end{cases} \begin{pmatrix} \end{pmatrix}
\begin{gathered} \end{gathered} \hline \bra{a} \ket{a} \braket{a} \bra{ \set{a|b} \pmod{n} \pod)
\mathstrut \phantom{a} \phantom) \vphantom( \not \not= \not( \cancel{x} \mathbin{(} \mathopen{(}
\mathclose{)} \mathopen) \mathord( \mathop{a} \mathchoice{a}{b}{c}{d} \prescript{a}{b}{c}
\prescript{a}{b}) \sideset{}{}\sum \genfrac{(}{)}{}{}{a}{b} \substack{a\\b} \tag{1} \label{a}
\hspace{1em} \ldots \cdots … ⋯ \alpha \infty \nabla \to \leq \iff \ce{H2O} \ce{(} \SI{1}{m} \bm{a}
\bm) \relax \mathbb{R} \widetilde{a} \DeclareMathOperator{\f}{f} \newcommand{\a}{(}
\newcommand{\b}[1]{(#1} \def\a{)} \let\a( \a \b{x} \unknown
"""
PIECES = [each.replace("␣", " ") for each in PIECES.split()]
AROUND = [
    *("{%s}", "(%s)", "(%s", r"\left(%s\right)", r"\frac{%s}{2}", r"\frac{1}{%s}", "a^{%s}"),
    *("a_{%s}", r"\sqrt{%s}", r"\sqrt[%s]{2}", r"\text{%s}", r"\text{$%s$}", r"\bra{%s}", "(%s]"),
    *(r"\begin{matrix}%s\end{matrix}", r"\begin{aligned}%s\end{aligned}", r"\boxed{%s}"),
    *(r"\hat{%s}", r"\overset{%s}{=}", r"\underbrace{%s}", r"\mathrm{%s}", r"\color{red}{%s}"),
    *(r"{\displaystyle %s}", r"\bigl(%s\bigr)", r"\langle %s\rangle", r"\mathopen{%s}"),
    *(r"{%s\over a}", r"\phantom{%s}", r"\xrightarrow[%s]{a}", r"\sin(%s)", r"\textcolor{red}{%s}"),
]


def made(choice):
    """Return random TeX of at most CHARACTERS, made by `choice` (a random.Random): pieces repeated,
    nested, or one after another."""
    unit = "".join(_apart(choice.choice(PIECES)) for _ in range(choice.choice((1, 2, 2, 3, 4, 6))))
    length = choice.choice((60, 200, CHARACTERS))
    kind = choice.random()
    if kind < 0.5:
        text = unit * (length // len(unit))
    elif kind < 0.8:
        text, around = unit, choice.choices(AROUND, k=choice.choice((1, 2)))
        for level in range(choice.choice((5, 20, 45))):
            text = around[level % len(around)].replace("%s", text)
        text *= max(length // len(text), 1)
    else:
        text = "".join(
            _apart(piece) * choice.choice((1, 10, 40)) for piece in choice.choices(PIECES, k=20)
        )
    if choice.random() < 0.3:
        text = choice.choice(AROUND).replace("%s", text)
    return text[:CHARACTERS]


def _apart(piece):
    """Return `piece` (TeX), with a space after a command, so that letters that follow do not become
    part of its name."""
    return piece + " " if piece[0] == "\\" and piece[-1].isalpha() else piece


def main(seed, seconds):
    """Convert random formulas for `seconds` of processor time, and print the summary as JSON: the
    slowest one's processor seconds and TeX, and how many were tried and converted."""
    from conversations.rendering.tex_to_mathml import formula

    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 20, int(seconds) + 20))
    choice, ends = random.Random(seed), time.process_time() + seconds
    slowest, tried, converted = (0.0, ""), 0, 0
    while time.process_time() < ends:
        text = made(choice)
        print(json.dumps(text), flush=True)
        began = time.process_time()
        converted += "<math" in formula(text, display=True)
        slowest = max(slowest, (time.process_time() - began, text))
        tried += 1
    print(json.dumps({"seconds": slowest[0], "tex": slowest[1], "tried": tried,
                      "converted": converted}))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
