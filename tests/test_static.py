"""Static files: collected once, named by their content, served compressed and for ever."""

import re
import subprocess
import sys

import pytest

from tests.server import ROOT, collect_static

pytestmark = pytest.mark.once


def test_collecting_again_compresses_nothing_anew():
    collect_static()
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "static").rglob("*.br")}
    assert before
    marker = next(iter(before))
    marker.write_bytes(b"not compressed anew")
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        check=True,
    )
    assert marker.read_bytes() == b"not compressed anew"
    marker.unlink()
    collect_static.cache_clear()


def test_they_are_compressed_and_never_expire(server, visit):
    page = visit(server).get("/accounts/login/").text
    [style] = re.findall(r'href="(/static/conversations/css/app\.[0-9a-f]{12}\.css)"', page)
    for encoding in ("br", "gzip", "identity"):
        answer = visit(server).get(style, headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert "max-age=315360000" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_modules_import_each_other_by_hashed_names(server, visit, alice):
    page = visit(server, alice).get("/").text
    scripts = re.findall(r'src="(/static/[^"]+\.js)"', page)
    assert scripts
    for path in (ROOT / "static/conversations/js").glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', path.read_text()):
            assert re.search(r"\.[0-9a-f]{12}\.js$", name), (path, name)
