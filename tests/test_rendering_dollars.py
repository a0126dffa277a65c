"""Dollars in a text are money, shell variables or formulas."""

import pytest

from conversations.rendering import render

NO_FORMULAS = """
Set $SRC/$DST first.
变量$user和$host都要设置
PATH=$A:$B
PATH=$HOME/bin:$PATH
${A}${B} and ${A}/x:${B}
$(pwd)/x:$(date) and $(a)$(b)
"$a" "$b" and '$a'/'$b'
$A$B$C
$i++; $j++
$arr[0] $arr[1]
$foo->bar and $foo->baz
$USER@$HOST
echo $? and $! done
perl $_ and $@
PID is $$ and parent $$
kill $$; echo $$
awk '{print $1, $2}'
$env:USERPROFILE\\Documents and $dir\\sub$file
Set ($FOO|$BAR) or $FOO_DIR and $BAR_DIR.
US$5 and US$10, A$7/C$8, HK$100, NT$1,000
R$ 10 e R$ 20
$5-$10, $1,000–$2,000
$5/$6 or $5,$6
$10K flat, $8K later, **$155**; US$5/A$7
between $0.5M and $1M
$1.50/$2.50
100$ to 200$
cost $5 or 6$
$20 (US$15)
价格从$5到$10，$20块
花费100$，收入200$。
¥5和$6和€7
A ($$), B ($$$), C ($$)
It is $5, and that is $6.
| $5 | $6 |
\\$5 and \\$6
`$x` and `$y`
"""
FORMULAS = {
    "Area $a^2$ and $5$ m": 2,
    "$n$th and $x$s, a $2$D plot": 3,
    "其中$x$是变量，$y$也是": 2,
    "a 3$\\times$3 matrix": 1,
    "$x,$ and $y.$": 2,
    "$ x^2 $ with spaces": 1,
    "$f(x)$，$g(x)$": 2,
    "$\\text{if $x$}$": 1,
    "($x$), [$y$], “$z$”": 3,
    "let $x = 5$, then": 1,
    "$x<y$ and $[0, 1)$": 2,
    "$O(n)$ vs $O(n^2)$": 2,
    "$速度 = \\frac{路程}{时间}$": 1,
    "**$x$**然后": 1,
    "$a_1*b*c$": 1,
    "costs $5, so $x$ is": 1,
    "US$5 for $x$": 1,
    "$HOME is not $x$": 1,
    "\\(a\\) and \\[b\\] and $$c$$": 3,
    "$$E = mc^2$$ in a line": 1,
    "- $x$\n- $y$": 2,
    "> $x$": 1,
    "# $x$": 1,
    "[$x$](https://b.org)": 1,
}


@pytest.mark.parametrize("text", NO_FORMULAS.strip().splitlines())
def test_money_and_variables_are_no_formulas(text):
    html = render(text)

    assert "<math" not in html
    assert "formula" not in html
    assert html.count("$") == text.replace("\\$", "$").count("$")


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are(text):
    html = render(text)

    assert html.count("<math") == FORMULAS[text]
    assert '"formula"' not in html


def test_a_formula_is_what_stands_between_its_dollars_and_no_more():
    assert render("a $x$ b $5").count("$") == 1
    assert "<em>c</em>" in render("$a*b$ *c*")
    assert "<code>$a$</code>" in render("`$a$` $b$")
    assert 'href="https://b.org/$a$"' in render("[x](https://b.org/$a$)")
    assert "$a$" in render("```\n$a$\n```")
    assert "$a$" in render("- x\n\n  ```\n  $a$\n  ```\n- $b$")
    assert render("- x\n\n  ```\n  $a$\n  ```\n- $b$").count("<math") == 1
