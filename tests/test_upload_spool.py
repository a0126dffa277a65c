"""A file that is imported may be larger than MAX_BODY, for people who are logged in."""

import json
import re

import pytest

from tests.support.polling import until
from tests.support.raw_browser import Browser
from tests.test_import_limits import conversation

pytestmark = pytest.mark.once


def test_a_large_file_comes_in_through_the_server(stage, here, alice):
    visitor = stage.visit(here, alice)
    text = "word " * 20_000
    found = [conversation(number, text, text) for number in range(1, 31)]
    content = json.dumps(found).encode()
    assert len(content) > 5_000_000
    page = visitor.http.get("/data/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    answer = visitor.http.post(
        "/data/",
        data={"csrfmiddlewaretoken": token},
        files={"file": ("conversations.json", content)},
        headers={"Referer": f"{here.url}/data/"},
    )
    assert answer.status_code in (200, 303)
    until(lambda: alice.conversations.filter(trashed_at=None).count() == 30)
    until(lambda: not alice.jobs.filter(state__in=["waiting", "running"]).exists())


def test_a_large_file_that_has_no_room_is_told_so(stage, make_stage_server, alice, tmp_path):
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "waiting").write_bytes(b"x" * 150_000)
    server = make_stage_server(
        MAX_BODY=10_000, MAX_IMPORT=100_000, IMPORT_SPACE=200_000, IMPORT_FOLDER=folder
    )
    visitor = stage.visit(server, alice)
    token = {"csrfmiddlewaretoken": visitor.token()}
    answer = visitor.http.post("/data/", data=token, files={"file": ("c.json", b"x" * 90_000)})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "The server has no room for this file now" in answer.text
    assert [path.name for path in folder.iterdir()] == ["waiting"]


def test_a_person_sends_one_large_file_at_a_time(stage, make_stage_server, alice, bob, tmp_path):
    folder = tmp_path / "imports"
    server = make_stage_server(MAX_BODY=10_000, MAX_IMPORT=100_000, IMPORT_FOLDER=folder)
    mine, theirs = stage.visit(server, alice), stage.visit(server, bob)
    tokens = [{"csrfmiddlewaretoken": each.token()} for each in (mine, theirs)]
    first = Browser(server, alice).connect()
    kind = "multipart/form-data; boundary=b"
    first.send_head("POST", "/data/", Content_Type=kind, Content_Length=90_000)
    first.socket.sendall(b"x" * 50_000)
    until(lambda: any(str(folder) in name for name in server.inside()["open"]))
    file = {"file": ("c.json", b"x" * 90_000)}
    second = mine.http.post("/data/", data=tokens[0], files=file)
    assert (second.status_code, second.headers["Retry-After"]) == (429, "60")
    assert "A file of yours is being sent" in second.text
    assert "send it again when the others are in." in second.text
    # It keeps nobody else from sending one, and the person only as long as it lasts.
    assert theirs.http.post("/data/", data=tokens[1], files=file).status_code == 422
    first.close()
    until(lambda: mine.http.post("/data/", data=tokens[0], files=file).status_code == 422)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_the_operator(
    stage, make_stage_server, alice, tmp_path
):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "imports"
    server = make_stage_server(MAX_BODY=10_000, MAX_IMPORT=100_000, IMPORT_FOLDER=folder)
    visitor = stage.visit(server, alice)
    token = {"csrfmiddlewaretoken": visitor.token()}
    answer = visitor.http.post("/data/", data=token, files={"file": ("c.json", b"x" * 90_000)})
    assert answer.status_code == 503
    assert "The server has no room for this file now" in answer.text
    assert "An upload could not be stored: [Errno 20] Not a directory" in server.new_output()
