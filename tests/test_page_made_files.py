"""Pictures and code of a reply at a browser: while they come, and when they are there."""

import re

from playwright.sync_api import expect

from conversations.models import Attachment
from tests.support import sample_files as made
from tests.support.browser import PATIENCE, finished, send
from tests.support.gateway import WAIT, Script
from tests.support.item_frames import added, call, done, progress
from tests.support.picture_frames import frames, picture_call
from tests.support.sse_frames import completed, created, delta, message

HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
CODE = "import csv\n" + "".join(f"print({number})\n" for number in range(30))
PATH = "/containers/cntr_1/files/cfile_1/content"


def test_pictures_code_and_files_come_while_the_reply_is_written(server, surf, alice, gateway):
    picture = picture_call(made.picture(size=(640, 480)), revised_prompt=f"A fox {HOSTILE}")
    code = call("code_interpreter_call", "ci_1", code=CODE, container_id="cntr_1")
    code["outputs"] = [{"type": "logs", "logs": HOSTILE}]
    place = {"item_id": "m_1", "output_index": 2}
    said = message("Done.", "m_1")
    cited = {"container_id": "cntr_1", "file_id": "cfile_1", "filename": f"{HOSTILE}.csv"}
    said["content"][0]["annotations"] = [{"type": "container_file_citation", **cited}]
    kind = "code_interpreter_call_code.delta"
    pieces = re.findall(r"(?s).{1,40}", CODE)
    begun = {**call(code["type"], "ci_1"), "status": "in_progress", "code": ""}
    gateway.will(
        chunks=[
            *frames([created(), done(picture, 0), added(begun, 1)]),
            *frames(progress(kind, "ci_1", 1, delta=piece) for piece in pieces),
            WAIT,
            *frames([done(code, 1), delta("Done.", **place), done(said, 2)]),
            *frames([completed(picture, code, said)]),
        ]
    )
    gateway.files[PATH] = Script(chunks=[0.5, b"animal,count\n"])
    page = surf(server, alice)
    send(page, "Draw and count")
    reply = page.locator("article[data-role=assistant]")
    shown = reply.locator("[data-file] img")
    expect(shown).to_have_attribute("alt", re.compile("^A fox <img src=x"), timeout=PATIENCE)
    expect(shown).to_have_js_property("naturalWidth", 320)
    running = reply.locator("[data-type=code_interpreter_call][data-state=live]")
    expect(running.locator("pre")).to_contain_text("print(15)")
    gateway.go.set()
    finished(page)
    # The file is fetched after the end, and comes into the page by itself.
    link = reply.locator("[data-file] a.file__name")
    expect(link).to_be_visible(timeout=PATIENCE)
    file = Attachment.objects.get(media_type="text/csv")
    assert link.get_attribute("href") == f"/files/{file.pk}/"
    folded = reply.locator("details[data-type=code_interpreter_call]")
    assert folded.get_attribute("open") is None
    assert folded.locator("summary").inner_text() == "Ran code"
    page.reload()
    assert shown.get_attribute("src") == f"/files/{Attachment.objects.get(width=640).pk}/small/"
    with page.expect_download() as downloading:
        reply.get_by_role("link", name="Download").click()
    assert downloading.value.suggested_filename == "picture-1.jpg"
    assert page.title() != "hacked"
