"""Static files: collected once, named by their content, served compressed and for ever."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings

from tests.support.server import ROOT, collect_static, nobody_collects

pytestmark = pytest.mark.once


def test_collecting_again_compresses_nothing_anew(tmp_path):
    collect_static()
    # Servers of other tests serve from the folder itself.
    with nobody_collects():
        folder = shutil.copytree(ROOT / "static", tmp_path / "static")
    marker = next(folder.rglob("*.br"))
    marker.write_bytes(b"not compressed anew")
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings.collecting",
            "SECRET_KEY": settings.SECRET_KEY,
            "INSECURE_HTTP": "true",
            "STATIC_ROOT": str(folder),
        },
        check=True,
    )
    assert marker.read_bytes() == b"not compressed anew"


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


def test_a_file_is_served_whole_in_parts_and_not_again(server, visit):
    visitor = visit(server)
    page = visitor.get("/accounts/login/").text
    path = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
    whole = visitor.get(path, headers={"Accept-Encoding": "identity"})
    assert whole.content == (ROOT / path[1:]).read_bytes()
    assert whole.headers["Content-Length"] == str(len(whole.content))
    assert whole.headers["Content-Type"] == 'text/css; charset="utf-8"'
    part = visitor.get(path, headers={"Range": "bytes=3-9", "Accept-Encoding": "identity"})
    assert (part.status_code, part.content) == (206, whole.content[3:10])
    known = visitor.get(path, headers={"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert "Content-Type" not in known.headers
    head = visitor.http.head(path, headers={"Accept-Encoding": "identity"})
    assert (head.headers["Content-Length"], head.content) == (str(len(whole.content)), b"")
    assert visitor.post(path).status_code == 405
