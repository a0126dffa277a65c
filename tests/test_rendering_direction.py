"""Each block has its own direction, and code runs left to right."""

import re

import pytest

from conversations.rendering import Stream, render

HEBREW = "שלום עולם"
ARABIC = "مرحبا بالعالم"


@pytest.mark.parametrize(
    "text",
    [
        HEBREW,
        f"# {ARABIC}",
        f"- {HEBREW}\n- Hello",
        f"> {ARABIC}",
        f"| {HEBREW} | b |\n|---|---|\n| 1 | 2 |",
        f"`git` {ARABIC}",
        f"$x$ {HEBREW}",
        f"<details>\n<summary>{HEBREW}</summary>\nx\n</details>",
        f"[^1]\n\n[^1]: {ARABIC}",
        "Adlam: 𞤀𞤁",
    ],
)
def test_a_block_with_letters_from_right_to_left_chooses_its_direction(text):
    html = render(text)

    assert re.search(r'<div class="block" data-block="\d" dir="auto">', html)
    for tag in re.findall(r"<(?:code|math)[^>]*>", html):
        assert 'dir="ltr"' in tag


@pytest.mark.parametrize("text", ["Hello", "你好", "Привет", "naïve €5", "`x` $y$"])
def test_other_blocks_are_as_they_were(text):
    assert "dir=" not in render(text)


def test_each_block_chooses_for_itself():
    html = render(f"{HEBREW}\n\nHello\n\n```py\nx = 1  # {HEBREW}\n```")

    assert html.count('dir="auto"') == 1
    assert '<div class="block" data-block="1"><p>Hello' in html


def test_code_in_an_item_keeps_its_colours():
    html = render(f"- {HEBREW}\n  ```python\n  if x: pass\n  ```")

    assert '<div dir="ltr"><div class="code">' in html
    assert '<span class="k">if</span>' in html


def test_the_open_block_has_its_direction_too():
    stream = Stream()
    stream.append(HEBREW)
    stream.refresh()

    assert stream.open.startswith('<div class="block" data-block="0" dir="auto">')
