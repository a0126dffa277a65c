"""Links of the documents lead somewhere: files, headings, pictures, as a forge shows them."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import comrak
import pytest

from tests.support.server import ROOT

pytestmark = pytest.mark.once


def documents(root):
    """The Markdown files of the repository at `root`, as paths relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [Path(name) for name in sorted(set(listed.stdout.split()))]


@cache
def html(path):
    """The document at `path` as a forge shows it, with ids of headings."""
    options = comrak.ExtensionOptions()
    options.table = options.autolink = options.strikethrough = True
    options.header_id_prefix = ""
    return comrak.render_markdown(path.read_text(), extension_options=options)


def broken(root, name):
    """The links and pictures in the document `name` that lead nowhere."""
    here, found = root / name, []
    for link in re.findall(r'(?:href|src)="([^"]*)"', html(here)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = here.parent / path if path else here
        if not target.exists() or not target.resolve().is_relative_to(root.resolve()):
            found.append(link)
        elif anchor and target.suffix == ".md" and f'id="{anchor}"' not in html(target):
            found.append(link)
    return found


@pytest.mark.parametrize("name", documents(ROOT), ids=str)
def test_each_link_leads_to_a_file_and_a_heading_that_are_there(name):
    assert broken(ROOT, name) == []


def test_the_table_of_contents_has_every_document():
    contents = html(ROOT / "docs" / "README.md")
    missing = [
        name.name
        for name in documents(ROOT)
        if name.parent == Path("docs") and f'href="{name.name}"' not in contents
    ]
    assert missing == ["README.md"]
    # It is where the README of the repository leads.
    for name in ("README.md", "README.zh-CN.md"):
        assert 'href="docs/README.md"' in html(ROOT / name)


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# A `part`, here\n")
    (tmp_path / "page.md").write_text(
        "# Top\n\n[good](other.md) [good](other.md#a-part-here) [good](#top) <https://x.example>\n"
        "`[code](gone.md)`\n\n    [code](gone.md)\n\n"
        "[1](gone.md) [2](other.md#a-part) [3](#bottom) ![4](gone.png) [5](../outside.md)\n"
        "[6][x]\n\n"
        "[x]: gone.md#x\n"
    )
    (tmp_path.parent / "outside.md").write_text("")
    assert broken(tmp_path, "page.md") == [
        "gone.md",
        "other.md#a-part",
        "#bottom",
        "gone.png",
        "../outside.md",
        "gone.md#x",
    ]
