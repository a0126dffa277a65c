"""Formulas of replies become MathML that says what they say."""

import re
from html.parser import HTMLParser

import pytest

from conversations.rendering import render

# Formulas as models write them, of school, statistics, physics, chemistry and computing.
OF_REPLIES = r"""
x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}
e^{i\pi} + 1 = 0
a_1, a_2, \ldots, a_n
1 + 2 + \cdots + n = \frac{n(n+1)}{2}
n \equiv 3 \pmod{7}
a \bmod n
P \implies Q
P \iff Q
\neg (p \land q) \Longleftrightarrow \lnot p \lor \lnot q
\forall \varepsilon > 0 \; \exists \delta > 0
\lim_{x \to 0} \frac{\sin x}{x} = 1
\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}
\oint_C \mathbf{F} \cdot d\mathbf{r}
\iint\limits_D f(x, y)\,dA
\sum_{\substack{1 \le i \le n \\ i \ne j}} a_i
\prod_{p \text{ prime}} \frac{1}{1 - p^{-s}}
\binom{n}{k} = \frac{n!}{k!\,(n-k)!}
\begin{pmatrix} a & b \\ c & d \end{pmatrix}
\begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc
\left[\begin{array}{cc|c} 1 & 2 & 3 \\ 4 & 5 & 6 \end{array}\right]
f(x) = \begin{cases} x^2, & \text{if } x \ge 0 \\ -x, & \text{otherwise} \end{cases}
\begin{aligned} y &= mx + b \\ &= 3x + 1 \end{aligned}
\begin{split} y &= mx + b \\ &= 3x + 1 \end{split}
\begin{align} y &= 1 \label{one} \\ z &= 2 \tag{2} \end{align}
\begin{gather*} a = b \\ c = d \end{gather*}
\begin{alignat}{2} x &= 1 &\quad y &= 2 \end{alignat}
\begin{equation} \begin{split} a &= b \end{split} \end{equation}
\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}
\begin{multline} a + b + c \\ = d \end{multline}
\begin{flalign*} a &= b \end{flalign*}
A = \begin{bmatrix} 1 & \cdots & n \\ \vdots & \ddots & \vdots \end{bmatrix}
\det\left(\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}\right)
\mathbb{E}[X] = \sum_x x\,P(X = x)
\operatorname{Var}(X) = \mathbb{E}[X^2] - \mathbb{E}[X]^2
\hat{\theta} = \operatorname*{arg\,max}_\theta \; \log L(\theta)
X \sim \mathcal{N}(\mu, \sigma^2)
P(A \mid B) = \frac{P(B \mid A)\,P(A)}{P(B)}
\bar{x} \pm z_{\alpha/2} \frac{\sigma}{\sqrt{n}}
\nabla \times \vec{E} = -\frac{\partial \vec{B}}{\partial t}
i\hbar \frac{\partial}{\partial t} |\psi\rangle = \hat{H} |\psi\rangle
\ddot{x} + \omega^2 x = 0
F = G \frac{m_1 m_2}{r^2}
v = 3.0 \times 10^8\,\mathrm{m/s}
T = 25\,^\circ\text{C}
\ce{2H2 + O2 -> 2H2O}
\ce{CaCO3 ->[\Delta] CaO + CO2 ^}
\mathrm{H_2O}
O(n \log n)
\lfloor x \rfloor + \lceil y \rceil
\underbrace{a + a + \cdots + a}_{n \text{ times}}
\overset{\text{def}}{=}
A \xrightarrow{f} B \xleftarrow[g]{} C
\boxed{x = 5}
\frac{\cancel{3} \cdot 4}{\cancel{3}}
\textcolor{red}{x} + \color{blue}{y}
\text{accuracy} = \frac{\text{TP} + \text{TN}}{\text{total}} \times 100\%
\text{size\_max}, \mbox{where $n$ is even}
\widetilde{x} + \widehat{y} + \overline{z}
\left. \frac{dy}{dx} \right|_{x=0}
x = 1 \tag{1} \label{eq:x}
\newcommand{\R}{\mathbb{R}} x \in \R
\newcommand{\norm}[1]{\lVert #1 \rVert} \norm{x} \le 1
\DeclareMathOperator{\tr}{tr} \tr(A)
\SI{9.81}{m/s^2}
\bm{\beta} = (X^\top X)^{-1} X^\top y
u = v \\ w = z
u &= v \\[4pt] w &= z
\require{cancel} \bcancel{x} \xcancel{y} \cancelto{0}{z}
\displaylines{a = b \\ c = d}
\mathop{\mathrm{argmin}}\limits_x f(x)
a \dotsb b \dotsc c
""".strip().splitlines()


@pytest.mark.parametrize("tex", OF_REPLIES)
def test_a_formula_of_a_reply_is_converted(tex):
    html = render(f"$${tex}$$")

    assert "<math" in html
    assert "formula" not in html
    Counted(html)


SAYS = {
    r"n \equiv 3 \pmod{7}": "n≡3(mod7)",
    r"y_1, \ldots, y_k": "y1,...,yk",
    r"x = 1 \tag{2}": "x=1(2)",
    r"x = 1 \tag*{A}": "x=1A",
    r"x \label{here} = \eqref{there}": "x=(there)",
    r"x = 50% of y": "x=50%ofy",
    r"\text{size_max, 5% & #1}": "size_max, 5% & #1",
    r"\text{if $x > 0$ or \(y\)}": "if x>0 or y",
    r"\href{javascript:alert(1)}{x}": "x",
    r"\style{color:red}{x} + \class{a}{y}": "x+y",
    r"\newcommand{\pair}[2]{(#1, #2)} \pair{a}{b}": "(a,b)",
    r"\def\half{\frac12} \half": "12",
    r"\unicode{x263a}": "☺",
    r"\ce{SO4^2-}": "SO42−",
    r"\ce{CuSO4.5H2O}": "CuSO4⋅5H2O",
    r"\ce{Na+ + Cl- -> NaCl v}": "Na++Cl−→NaCl↓",
    r"\ce{^{14}_{6}C}": "614C",
    r"\ce{HC#CH}": "HC≡CH",
    r"\ce{Ca(OH)2 (aq)}": "Ca(OH)2(aq)",
    r"\ce{1/2 O2}": "12O2",
    r"\pu{5e3 kJ/mol}": "5×103kJ/mol",
    r"\ang{30}": "30∘",
    r"\begin{array}{@{}l@{\quad}r@{}} a & b \end{array}": "ab",
    r"\begin{aligned}[t] a &= b \\[4pt] c &= d \end{aligned}": "a=bc=d",
    r"\text{first\\second}": "first second",
}


# A no-break space is a space, and the invisible sign of an applied function is nothing.
SPACES = {0xA0: " ", 0x2061: None}


@pytest.mark.parametrize("tex", SAYS)
def test_a_formula_says_what_it_said(tex):
    html = render(f"$${tex}$$")

    assert "formula" not in html
    assert Counted(html).text.strip().translate(SPACES) == SAYS[tex]


@pytest.mark.parametrize(
    "inner",
    [
        *[r"\cancel{6}", r"\bcancel{x}", r"\xcancel{x + y}", r"\boxed{8}", r"\textcolor{red}{x y}"],
        *[
            r"\cancel{\boxed{\cancel{a}}}",
            r"\text{a \textbf{b} c}",
            r"\fbox{a}",
            r"{\color{blue} x}",
        ],
        *[r"\cancelto{0}{x}", r"\mbox{if $x$}", r"\ce{H2O}", r"\smash{x}", r"\enclose{circle}{x}"],
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        *[r"\frac{%s}{2}", r"\frac{1}{%s}", "a_{%s}", "a^{%s}", "a_{%s}^{2}", r"\underset{%s}{x}"],
        *[r"\overset{%s}{x}", r"\sqrt[3]{%s}", r"\sqrt[%s]{3}", r"\sum_{%s}^{n}", r"\binom{%s}{k}"],
        *[r"\underbrace{%s}_{a}", r"\xrightarrow{%s}", r"\prescript{%s}{2}{X}"],
    ],
)
def test_a_part_that_is_struck_boxed_or_coloured_stays_one_part(around, inner):
    html = render(f"$${around % inner}$$")

    assert "<math" in html
    Counted(html)


@pytest.mark.parametrize(
    ("tex", "tag"),
    [
        (r"\boxed{8}", '<mrow class="box">'),
        (r"\cancel{8}", '<mrow class="strike-up">'),
        (r"\bcancel{8}", '<mrow class="strike-down">'),
        (r"\xcancel{8}", '<mrow class="strike-up strike-down">'),
        (r"\textcolor{red}{8}", '<mrow class="tint-red">'),
        (r"\textcolor{purple}{8}", '<mrow class="tint-purple">'),
        (r"\textcolor{DarkGreen}{8}", '<mrow class="tint-green">'),
        (r"\textcolor{#0af}{8}", '<mrow class="tint-teal">'),
        (r"{\color{blue} 8}", '<mrow class="tint-blue">'),
        (r"\begin{array}{r} 7 \\ 9 \\ \hline 16 \end{array}", '<mtd class="right line-top">'),
        (r"\begin{array}{c|c} 7 & 9 \end{array}", '<mtd class="line-right">'),
        (r"\begin{array}{c:c} 7 & 9 \end{array}", '<mtd class="dash-right">'),
        (r"\begin{array}{|c|} \hline 7 \\ \hline \end{array}", 'class="line-left line-top"'),
    ],
)
def test_lines_and_colours_are_classes(tex, tag):
    html = render(f"$${tex}$$")

    assert tag in html
    assert " style=" not in html


def test_black_and_white_are_left_to_the_page():
    assert "class" not in re.search("<math.*</math>", render(r"$\textcolor{white}{x}$"))[0]


def test_the_last_rule_of_a_table_is_as_wide_as_the_table():
    html = render(r"$$\begin{array}{cc} a & b \\ \hline \end{array}$$")

    assert html.count('<mtd class="line-top">') == 2


@pytest.mark.parametrize("tex", [r"u = v \\ w = z", r"\boxed{u \\ v}", r"u \newline v"])
def test_a_line_break_is_a_row(tex):
    assert render(rf"\[ {tex} \]").count("<mtr>") == 2


MULTIPLYING = [
    r"\def\a{\b\b}\def\b{\c\c}\def\c{\d\d}\def\d{x}" + r"\a" * 100,
    r"\newcommand\a{\a\a}\a",
    r"\def\a{" + "x" * 300 + "}" + r"\a" * 50,
]


@pytest.mark.parametrize("tex", MULTIPLYING)
def test_macros_that_multiply_are_shown_as_their_source(tex):
    assert '<code class="formula">' in render(f"$${tex}$$")


# How many children an element must have; <mmultiscripts> is counted by its pairs.
CHILDREN = {
    **{"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2},
    **{"munderover": 3, "mroot": 2},
}


class Counted(HTMLParser):
    """Reads HTML and fails where an element has not as many children as it must have."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text = [["", 0]], ""
        self.feed(html)
        self.close()
        assert len(self.open) == 1

    def handle_starttag(self, tag, attrs):
        self.open[-1][1] += 1
        self.open.append([tag, 0])

    def handle_startendtag(self, tag, attrs):
        self.open[-1][1] += 1

    def handle_endtag(self, tag):
        name, children = self.open.pop()
        assert name == tag
        assert children == CHILDREN.get(tag, children)

    def handle_data(self, data):
        self.text += data
