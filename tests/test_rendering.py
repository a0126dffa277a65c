"""What Markdown becomes."""

import re

import pytest

from conversations.rendering import render

LINK = ' target="_blank" rel="noopener noreferrer nofollow"'

BAR = '<mo stretchy="false" lspace="0" rspace="0">|</mo>'

GOLDEN = {
    "a paragraph": ("Hello\nthere", "<p>Hello<br>\nthere</p>"),
    "headings leave the first two levels to the page": (
        "# One\n\nTwo\n---\n\n###### Six",
        ["<h3>One</h3>", "<h4>Two</h4>", "<h5>Six</h5>"],
    ),
    "emphasis beside Chinese": ("**重点。**然后", "<p><strong>重点。</strong>然后</p>"),
    "strikethrough": ("~~no~~ yes", "<p><del>no</del> yes</p>"),
    "a tight list": ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    "a loose list": (
        "- a\n\n- b\n",
        "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>",
    ),
    "a list of numbers begins where it says": ("3. c", '<ol start="3">\n<li>c</li>\n</ol>'),
    "another marker begins another list": (
        "- a\n* b",
        ["<ul>\n<li>a</li>\n</ul>", "<ul>\n<li>b</li>\n</ul>"],
    ),
    "a list right after its paragraph": (
        "Do:\n- a",
        ["<p>Do:</p>", "<ul>\n<li>a</li>\n</ul>"],
    ),
    "an item keeps its paragraphs and its lists": (
        "1. a\n\n   b\n   - c\n",
        "<ol>\n<li>\n<p>a</p>\n<p>b</p>\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ol>",
    ),
    "tasks": (
        "- [ ] a\n- [x] b",
        '<ul>\n<li><span class="task">☐</span> a</li>\n'
        '<li><span class="task">☑</span> b</li>\n</ul>',
    ),
    "a quote goes on without its mark": (
        "> a\nb",
        "<blockquote>\n<p>a<br>\nb</p>\n</blockquote>",
    ),
    "a table can be scrolled": (
        "| a | b |\n|---|--:|\n| 1 | `x\\|y` |",
        '<div class="table-scroll" tabindex="0"><table>\n<thead>\n<tr>\n<th>a</th>\n'
        '<th class="right">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n'
        '<td class="right"><code>x|y</code></td>\n</tr>\n</tbody>\n</table></div>',
    ),
    "code has its language and its colours": (
        '```python\nif x: return "<b>"\n```',
        '<div class="code"><div class="code__bar"><span>python</span></div>'
        '<pre tabindex="0"><code><span class="k">if</span> x: <span class="k">return</span> '
        '<span class="s">"&lt;b&gt;"</span>\n</code></pre></div>',
    ),
    "code of a language nobody knows": (
        "~~~ klingon\nQapla'\n\n~~~~",
        '<div class="code"><div class="code__bar"><span>klingon</span></div>'
        '<pre tabindex="0"><code>Qapla\'\n\n</code></pre></div>',
    ),
    "a fence that nobody closes": (
        "```\na\n",
        '<div class="code"><div class="code__bar"><span></span></div>'
        '<pre tabindex="0"><code>a\n</code></pre></div>',
    ),
    "a shorter fence closes nothing": (
        "````\n```\n````",
        '<div class="code"><div class="code__bar"><span></span></div>'
        '<pre tabindex="0"><code>```\n</code></pre></div>',
    ),
    "a fence set in takes its indentation off": (
        "  ```\n  a\n   b\n  ```",
        '<div class="code"><div class="code__bar"><span></span></div>'
        '<pre tabindex="0"><code>a\n b\n</code></pre></div>',
    ),
    "code in an item": (
        "- a\n  ```sh\n  ls\n  ```",
        '<ul>\n<li>a\n<div class="code"><div class="code__bar"><span>sh</span></div>'
        '<pre tabindex="0"><code>ls\n</code></pre></div>\n</li>\n</ul>',
    ),
    "lines stay lines": (
        "步骤：\n1、开机\n（2）等待\n• 关机",
        "<p>步骤：<br>\n1、开机<br>\n（2）等待<br>\n• 关机</p>",
    ),
    "one tilde is a range": ("需要2~4周，最多6~8周。", "<p>需要2~4周，最多6~8周。</p>"),
    "one tilde within two": ("~~2~4~~ **~5** ~a~", "<p><del>2~4</del> <strong>~5</strong> ~a~</p>"),
    "a tilde in code": ("`a~b~c` \\~d~", "<p><code>a~b~c</code> ~d~</p>"),
    "a tilde in an address": (
        "https://b.org/~c/2~3",
        f'<p><a href="https://b.org/~c/2~3"{LINK}>https://b.org/~c/2~3</a></p>',
    ),
    "HTML is text": ("a <b>b</b>", "<p>a &lt;b&gt;b&lt;/b&gt;</p>"),
    "lines of HTML stay lines": (
        "<div>\n**b**\n\nc",
        [
            '<pre class="plain" tabindex="0">&lt;div&gt;\n**b**</pre>',
            "<p>c</p>",
        ],
    ),
    "a formula in a line": (
        "so $a^2$ and \\(b\\)",
        "<p>so <math><msup><mi>a</mi><mn>2</mn></msup></math> and <math><mi>b</mi></math></p>",
    ),
    "dollars are money": ("$5 and $10", "<p>$5 and $10</p>"),
    "a formula of its own": ("$$\nx\n$$", '<p><math display="block"><mi>x</mi></math></p>'),
    "a formula whose lines look like a list": (
        "\\[\na\n- b\n\\]",
        '<p><math display="block"><mi>a</mi><mo>−</mo><mi>b</mi></math></p>',
    ),
    "a fence of math is a formula": (
        "```math\nx\n```",
        '<p><math display="block"><mi>x</mi></math></p>',
    ),
    "two dollars that open nothing": (
        "$$ is a lot\n- really\n",
        ["<p>$$ is a lot</p>", "<ul>\n<li>really</li>\n</ul>"],
    ),
    "what cannot be converted": (
        "$\\nope{x}$",
        '<p><code class="formula">\\nope{x}</code></p>',
    ),
    "cells of a formula are aligned by classes": (
        "$$\\begin{aligned}a&=b\\end{aligned}$$",
        '<p><math display="block"><mtable displaystyle="true" scriptlevel="0"><mtr>'
        '<mtd class="right"><mi>a</mi></mtd><mtd class="left"><mo>=</mo><mi>b</mi></mtd>'
        "</mtr></mtable></math></p>",
    ),
    "a formula with blank lines": (
        "$$\nx\n\n- y\n$$",
        '<p><math display="block"><mi>x</mi><mo>−</mo><mi>y</mi></math></p>',
    ),
    "a formula in brackets with blank lines": (
        "\\[\n\nx\n\n\\]",
        '<p><math display="block"><mi>x</mi></math></p>',
    ),
    "a formula in a list with blank lines": (
        "1. a\n\n   $$\n   x\n\n   - y\n   $$\n2. b",
        '<ol>\n<li>\n<p>a</p>\n<p><math display="block"><mi>x</mi><mo>−</mo><mi>y</mi></math></p>\n'
        "</li>\n<li>\n<p>b</p>\n</li>\n</ol>",
    ),
    "a formula in a quote": (
        "> $$\n> x\n>\n> y\n> $$",
        '<blockquote>\n<p><math display="block"><mi>x</mi><mi>y</mi></math></p>\n</blockquote>',
    ),
    "an environment without dollars": (
        "so:\n\\begin{equation}\nx\n\n\\end{equation}\nand",
        [
            "<p>so:</p>",
            '<p><math display="block"><mi>x</mi></math></p>',
            "<p>and</p>",
        ],
    ),
    "a full stop after a formula belongs to it": (
        "$$\nx\n$$。",
        '<p><math display="block"><mi>x</mi><mtext>。</mtext></math></p>',
    ),
    "a formula on a line of its own needs no line breaks": (
        "a\n$$x$$\nb",
        '<p>a<math display="block"><mi>x</mi></math>b</p>',
    ),
    "an environment that is no formula": (
        "\\begin{itemize}\n\\item a\n\\end{itemize}",
        "<p>\\begin{itemize}<br>\n\\item a<br>\n\\end{itemize}</p>",
    ),
    "a formula in a cell has its bars": (
        "| a |\n|---|\n| $|x|$ $\\|y\\|$ |",
        '<div class="table-scroll" tabindex="0"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n'
        f"</thead>\n<tbody>\n<tr>\n<td><math>{BAR}<mi>x</mi>{BAR}</math> <math>{BAR}<mi>y</mi>"
        f"{BAR}</math></td>\n</tr>\n</tbody>\n</table></div>",
    ),
    "two dollars opened and never closed": (
        "$$\nx\n\n# a\n\n```\nb\n```\n",
        [
            "<p>$$<br>\nx</p>",
            "<h3>a</h3>",
            '<div class="code"><div class="code__bar"><span></span></div>'
            '<pre tabindex="0"><code>b\n</code></pre></div>',
        ],
    ),
    "a link": ("[a](https://b.org/)", f'<p><a href="https://b.org/"{LINK}>a</a></p>'),
    "a title does not show": (
        '[a](https://b.org "c")',
        f'<p><a href="https://b.org"{LINK}>a</a></p>',
    ),
    "an address is a link": (
        "see https://b.org/c.",
        f'<p>see <a href="https://b.org/c"{LINK}>https://b.org/c</a>.</p>',
    ),
    "an address ends where Chinese goes on": (
        "看 https://b.org/c，然后",
        f'<p>看 <a href="https://b.org/c"{LINK}>https://b.org/c</a>，然后</p>',
    ),
    "a mail address is a link": (
        "a@b.org",
        f'<p><a href="mailto:a@b.org"{LINK}>a@b.org</a></p>',
    ),
    "an image is a link": (
        "![a *b*](https://c.org/d.png)",
        f'<p><a class="image" href="https://c.org/d.png"{LINK}>a b</a></p>',
    ),
    "an image without text says where it is": (
        "![](https://c.org/d.png)",
        f'<p><a class="image" href="https://c.org/d.png"{LINK}>c.org</a></p>',
    ),
    "an image in a link is its text": (
        "[![a](https://c.org/d.png)](https://e.org)",
        f'<p><a href="https://e.org"{LINK}>a</a></p>',
    ),
    "a relative link is text": ("[out](/accounts/logout/)", "<p>out</p>"),
    "a definition counts wherever it stands": (
        "[a]\n\n[a]: https://b.org\n\n[A] [a][]",
        [
            f'<p><a href="https://b.org"{LINK}>a</a></p>',
            "",
            f'<p><a href="https://b.org"{LINK}>A</a> <a href="https://b.org"{LINK}>a</a></p>',
        ],
    ),
    "the first definition wins": (
        "[a]: https://b.org\n[a]: https://c.org\n\n[a]",
        ["", f'<p><a href="https://b.org"{LINK}>a</a></p>'],
    ),
    "nothing": ("", []),
    "blank lines": (" \n\n\t\n", []),
    "line ends of other systems": ("a\r\n\r\nb\rc", ["<p>a</p>", "<p>b<br>\nc</p>"]),
    "a rule": ("a\n\n***\nb", ["<p>a</p>", "<hr>", "<p>b</p>"]),
    "code by indentation": (
        "    a\n\n    b\nc",
        [
            '<div class="code"><div class="code__bar"><span></span></div>'
            '<pre tabindex="0"><code>a\n\nb\n</code></pre></div>',
            "<p>c</p>",
        ],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_renders(name):
    source, expected = GOLDEN[name]
    blocks = [expected] if isinstance(expected, str) else expected

    assert inner_blocks(render(source)) == blocks


def test_characters_that_turn_text_around_stand_there_visibly():
    html = render("a\u202eb\u2066c `\u202a` [\u202e](https://b.org/\u202e)")

    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert "a‹U+202E›b‹U+2066›c" in html


def test_half_a_surrogate_pair_is_replaced():
    assert inner_blocks(render("a\ud83d")) == ["<p>a\ufffd</p>"]


def inner_blocks(html):
    """What stands in the blocks, whose numbers must count from 0."""
    parts = re.split(r'<div class="block" data-block="(\d+)">', html)
    assert parts[0] == ""
    assert parts[1::2] == [str(n) for n in range(len(parts) // 2)]
    return [part.removesuffix("</div>").rstrip("\n") for part in parts[2::2]]
