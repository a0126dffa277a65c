"""The README's table of settings and .env.example say what the code reads."""

import ast
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def read_example():
    """Variable -> default, as .env.example gives them."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_table(name):
    """Variable -> default, as the table of the README file `name` gives them."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (`[^`]*`)? ?\|", (ROOT / name).read_text(), re.MULTILINE)
    return {variable: default.strip("`") for variable, default in rows}


def read_code(name):
    """Variable -> default literal (None where computed), as the file `name` asks `env` for them."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")) | ast.Name(id="number" | "flag"),
                args=[ast.Constant(str(key)), *rest],
            ):
                given = [word.value for word in node.keywords if word.arg == "default"] + rest
                found[key] = as_text(given[0]) if given else ""
    return found


def as_text(node):
    """A default in the code as it would stand in .env.example."""
    match node:
        case ast.Constant(value=bool()):
            return str(node.value).lower()
        case ast.Constant(value=value):
            return str(value)
        case ast.List() | ast.Tuple():
            return ",".join(item.value for item in node.elts)
        case ast.Dict(keys=[]):
            return ""
    return None


def test_the_example_has_every_variable_with_its_default():
    settings = read_code("chatsite/settings.py")
    server = read_code("gunicorn.conf.py")
    example = read_example()
    assert set(example) == set(settings) | set(server)
    computed = {key for key, default in settings.items() if default is None}
    assert not computed
    assert settings == {key: example[key] for key in settings}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_has_every_variable_with_its_default(name):
    assert read_table(name) == read_example()


def test_each_variable_is_explained_on_the_line_above_it():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert all(
        above.startswith("# ") and not above.startswith("# ---")
        for above, line in itertools.pairwise(lines)
        if re.match(r"[A-Z_]+=", line)
    )


def test_commands_that_are_promised_exist():
    makefile = (ROOT / "Makefile").read_text()
    documents = "\n".join((ROOT / name).read_text() for name in ["README.md", "CONTRIBUTING.md"])
    targets = set(re.findall(r"`make ([a-z-]+)", documents))
    assert targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
