"""Documents and comments: the files, modules and targets that they name are there."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("chatsite", "conversations", "tests", "bench", "docs", "templates")
# What was installed, made or fetched is not ours.
LEFT_OUT = {"migrations", "transcripts", "vendor", "screenshots", "__pycache__"}

PATH = re.compile(
    r"(?<![\w/.:<*-])(?:[\w-]+/)*[\w-]+\.(?:conf\.py|py|md|js|css|html|conf|service|timer|sh|toml)\b"
)
MODULE = re.compile(r"\b(?:chatsite|conversations|tests|bench)(?:\.\w+)+")
TARGET = re.compile(r"`make ([a-z-]+)[^`]*`")
# Numbers of rules that stand in no file of ours.
RULE = re.compile(r"\b(?:[PT]\d{1,2}\b|rule \d+|issue \d+)")
# Names of files that are made, or come from elsewhere.
FOREIGN = {"conversations.json", "conversations.zip"}


def comments_and_docstrings(source):
    """The text of a Python module that is for people."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def prose(path):
    """The text for people of one file: all of a document, the comments of code."""
    source = path.read_text()
    if path.suffix == ".py":
        return "\n".join(comments_and_docstrings(source))
    if path.suffix == ".md":
        return source
    return "\n".join(re.findall(r"/\*.*?\*/|(?m:^\s*//.*$)|\{#.*?#\}", source, re.DOTALL))


def files(root):
    """The files of ours that have prose in them."""
    found = [path for path in root.glob("*") if path.suffix in (".md", ".py")]
    for folder in FOLDERS:
        found += [
            path
            for path in (root / folder).rglob("*")
            if path.suffix in (".py", ".md", ".js", ".css", ".html")
            and not LEFT_OUT & set(path.relative_to(root).parts)
        ]
    return sorted(found)


def is_there(root, near, name):
    """Whether the path `name`, as written in the file `near`, is one of ours."""
    places = [root, near.parent, *(root / folder for folder in FOLDERS)]
    places += [root / "conversations/static/conversations", root / "conversations/static"]
    if any((place / name).exists() for place in places):
        return True
    # A bare name in prose about a folder that the sentence has named already.
    return "/" not in name and any(root.glob(f"*/**/{name}"))


def is_importable(root, name):
    """Whether a dotted name is a module, or something that a module of ours has a word for."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = root.joinpath(*parts[:count])
        module = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if module.exists() or place.is_dir():
            rest = parts[count:]
            words = module.read_text() if module.exists() else ""
            return not rest or re.search(rf"\b{rest[0]}\b", words) is not None
    return False


def faults(root):
    """One sentence for each thing that is named and not there."""
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    found = []
    for path in files(root):
        text, where = prose(path), path.relative_to(root)
        text = re.sub(r"https?://\S+", "", text)
        for name in PATH.findall(text):
            if not is_there(root, path, name):
                found.append(f"{where} names the file {name}")
        for name in MODULE.findall(text):
            if name not in FOREIGN and not (PATH.fullmatch(name) or is_importable(root, name)):
                found.append(f"{where} names the module {name}")
        for name in TARGET.findall(text):
            if name not in targets:
                found.append(f"{where} names the target make {name}")
        found += [f"{where} cites {rule}" for rule in RULE.findall(text)]
    return found


def test_everything_that_is_named_is_there():
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "See docs/nowhere.md.",
        "(runtime.md, 1.2)",
        "As `conversations/replies/order.py` says.",
        "Like conversations.replies.order does.",
        "`make everything` does it.",
        "The promise (P22).",
        "By rule 10.",
    ],
)
@pytest.mark.parametrize("name", ["docs/page.md", "conversations/module.py"])
def test_something_that_is_not_there_is_found(tmp_path, text, name):
    (tmp_path / "Makefile").write_text("run:\n")
    (tmp_path / "conversations" / "replies").mkdir(parents=True)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text if path.suffix == ".md" else f'"""{text}"""\n')
    [fault] = faults(tmp_path)
    assert fault.startswith(f"{name} ")


def test_the_way_of_a_message_leads_through_at_most_twenty_files_each_once():
    architecture = (ROOT / "docs/architecture.md").read_text()
    way = architecture.partition("## The way of a message")[2]
    way = way.partition("\nWhere a process dies")[0]
    steps = re.findall(r"^\d+\. `([^`]+)`", way, re.MULTILINE)
    assert 10 < len(steps) <= 20
    assert len(set(steps)) == len(steps)
    assert [step for step in steps if not (ROOT / step).is_file()] == []
    # No step is named again, or before its turn.
    assert re.findall(r"`(conversations/[^`]+)`", way) == steps
    assert len(way.strip().splitlines()) <= 50
