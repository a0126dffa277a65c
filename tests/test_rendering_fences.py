"""Fences within fences close at their own level."""

import re

import pytest

from conversations.rendering import render

# The source, what stands in its boxes of code, and what follows them.
NESTED = {
    "a language inside": (
        "```markdown\n# Tool\n\n```sh\nmake\n```\n\n## Use\n```\n\nDone.",
        ["# Tool\n\n```sh\nmake\n```\n\n## Use\n"],
    ),
    "md, upper case, and more after it": (
        "```MD title=x\n```py\na\n```\n```\nDone.",
        ["```py\na\n```\n"],
    ),
    "tildes outside": ("~~~md\n~~~sh\na\n~~~\nb\n~~~\nDone.", ["~~~sh\na\n~~~\nb\n"]),
    "tildes inside": ("```md\n~~~\na\n~~~\nb\n```\nDone.", ["~~~\na\n~~~\nb\n"]),
    "longer outside": ("````md\n```\na\n```\n````\nDone.", ["```\na\n```\n"]),
    "longer inside": ("```md\n````sh\n```\n````\nb\n```\nDone.", ["````sh\n```\n````\nb\n"]),
    "markdown in markdown": (
        "```md\n```md\n```sh\na\n```\n```\n```\nDone.",
        ["```md\n```sh\na\n```\n```\n"],
    ),
    "two inside": ("```md\n```a\n```\n```b\n```\n```\nDone.", ["```a\n```\n```b\n```\n"]),
    "in an item": (
        "- x\n  ```md\n  ```sh\n  a\n  ```\n  b\n  ```\n\nDone.",
        ["```sh\na\n```\nb\n"],
    ),
    "in a quote": ("> ```md\n> ```sh\n> a\n> ```\n> b\n> ```\n\nDone.", ["```sh\na\n```\nb\n"]),
    "the inner one is never closed": (
        "```md\n# T\n~~~sh\nmake\n```\n\nDone.",
        ["# T\n~~~sh\nmake\n"],
    ),
    "other languages do not nest": ("```python\n```sh\na\n```\nDone.", ["```sh\na\n"]),
    "markdownlint is another one": ("```markdownlint\n```sh\na\n```\nDone.", ["```sh\na\n"]),
}


@pytest.mark.parametrize("name", NESTED)
def test_fences_in_fences(name):
    source, boxes = NESTED[name]

    html = render(source)

    found = re.findall(r"<pre tabindex=\"0\"><code>(.*?)</code></pre>", html, re.S)
    assert [re.sub("<[^>]*>", "", box).replace("&gt;", ">") for box in found] == boxes
    assert "<p>Done.</p>" in html


def test_a_fence_that_is_cut_off_keeps_what_it_has():
    html = render("```md\n# T\n```sh\nmake\n```\n")

    assert re.sub("<[^>]*>", "", html) == "md# T\n```sh\nmake\n```\n"
