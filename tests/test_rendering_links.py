"""Links whose text reads as another host than the one they lead to."""

import re

import pytest

from conversations.rendering import render
from conversations.rendering.links import link

HOSTS = {
    "[github.com](https://github.com/a)": None,
    "[www.github.com](https://github.com/a)": None,
    "https://github.com/a/README.md": None,
    "[the docs](https://docs.example.org)": None,
    "[bank.com](https://evil.org)": "evil.org",
    "[https://bank.com/login](https://evil.org)": "evil.org",
    "[bank.com](https://bank.com.evil.org)": "bank.com.evil.org",
    "[**bank**.com](https://evil.org)": "evil.org",
    "[bank．com](https://evil.org)": "evil.org",
    "[`bank.com`](https://evil.org)": "evil.org",
    "[evil.org/ bank.com](https://evil.org/)": "evil.org",
    "![bank.com](https://evil.org/a.png)": "evil.org",
    "[me@bank.com](mailto:you@evil.org)": "you@evil.org",
    "[here](https://bank.com@evil.org/)": "evil.org",
    "[here](https://bank.com:443@evil.org:8080/)": "evil.org",
    "[here](https://xn--80ak6aa92e.com)": "xn--80ak6aa92e.com",
    "[here](https://аррӏе.com)": "xn--80ak6aa92e.com",
    "[here](https://пример.рф)": "xn--e1afmkfd.xn--p1ai",
    "https://аррӏе.com": "xn--80ak6aa92e.com",
    "[`https://[2001:db8::1]/`](https://[2001:db8::1]/)": None,
    "[http://localhost:8000/](http://localhost:8000/)": None,
    "[see (https://b.org), then go](https://b.org/)": None,
    "[Python 3.11rc1, e.g. at 10:30:15](https://b.org)": None,
    "[a text. Another sentence](https://b.org)": None,
}
# What a reader takes for bank.com or for an address of a network, written otherwise.
CLAIMS = [
    *(
        f"bank{each}.com"
        for each in "\u200b\u200c\u200d\u2060\u00ad\ufeff\u034f\ufe0f\u3164\u2061\u200a"
    ),
    *(f"bank.{each}com" for each in "\u200b\u2060\u00ad\U000e0061\u180e"),
    *(f"bank{dot}com" for dot in "。｡．․ꓸ꘎܁܂۔٠۰᠃·‧•∙⋅・ꞏᐧ﹒"),
    "bank.сom",
    "www.bank.сom",
    "bank.c\u043em",
    "bank.cоm/login",
    "bank.c0m",
    "bank.0rg",
    "bank.ϲοm",
    "ba\u0301nk.com",
    "银行.中国",
    "银行。公司",
    "банк.рф",
    "ｂａｎｋ．ｃｏｍ",
    "𝐛𝐚𝐧𝐤.𝐜𝐨𝐦",
    "BANK.COM",
    "192.168.1.1",
    "192.168.1.1:8080/login",
    "http://3232235777/",
    "http://0x7f.1/",
    "https://intranet/login",
    "https:⁄⁄intranet/login",
    "ftp://intranet",
    "[::1]",
    "2001:db8::1",
    "1:2:3:4:5:6:7:8",
    "bank.com∕evil.org",
    "evil.org@bank.com",
    "bank<br>.com",
    "bank<em>.</em>com",
]


@pytest.mark.parametrize("source", HOSTS)
def test_the_host_is_shown_where_the_text_may_hide_it(source):
    html = render(source)

    found = re.findall(r'</a> <span class="host">\((.*?)\)</span>', html)
    assert found == ([HOSTS[source]] if HOSTS[source] else [])


@pytest.mark.parametrize("text", CLAIMS)
def test_text_that_reads_as_another_host_has_its_own_host_told(text):
    html = link("https://evil.org/", text)

    assert html.endswith('</a> <span class="host">(evil.org)</span>')


@pytest.mark.parametrize(
    "text", ["\u200b", "\u3164", "\u2800", "\u00ad \u2060", "\u115f", "\ufe0f"]
)
def test_a_link_whose_text_is_drawn_as_nothing_shows_its_host(text):
    assert ">evil.org</a>" in link("https://evil.org/", text)
