"""Files in the composer of a browser: chosen, pasted and dropped, refused, removed, and sent."""

import base64

import pytest
from playwright.sync_api import expect

from conversations.models import Attachment, LanguageModel, Message
from tests.support.browser import finished, send
from tests.support.sample_files import picture

pytestmark = pytest.mark.browser

# What a person does with files from elsewhere: `kind` is "drop" or "paste".
BRING = """({selector, kind, files, text}) => {
    const data = new DataTransfer();
    if (text) data.setData("text/plain", text);
    for (const {name, type, content} of files) {
        const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
        data.items.add(new File([bytes], name, {type}));
    }
    const place = document.querySelector(selector);
    const events = kind === "drop" ? ["dragenter", "dragover", "drop"] : ["paste"];
    return events.map((name) => {
        const options = {bubbles: true, cancelable: true};
        return place.dispatchEvent(kind === "drop"
            ? new DragEvent(name, {...options, dataTransfer: data})
            : new ClipboardEvent(name, {...options, clipboardData: data}));
    });
}"""


def bring(page, kind, *files, selector="#message", text=""):
    """Drop or paste `files` (Playwright's) and `text`; return what of it is left to the browser."""
    brought = [
        {
            "name": each["name"],
            "type": each["mimeType"],
            "content": base64.b64encode(each["buffer"]).decode(),
        }
        for each in files
    ]
    given = {"selector": selector, "kind": kind, "files": brought, "text": text}
    return page.evaluate(BRING, given)


def file(name, content, kind="text/plain"):
    return {"name": name, "mimeType": kind, "buffer": content}


PICTURE = file("red.png", picture(), "image/png")


def entries(page):
    return page.locator("#composer [data-files] > li")


def kept(page):
    return page.locator("#composer [data-file]")


def test_chosen_files_load_up_at_once_and_go_with_the_message(server, surf, alice):
    LanguageModel.objects.update(images=True)
    page = surf(server, alice)
    page.get_by_label("Add files").set_input_files([PICTURE, file("notes.txt", b"some words")])
    expect(kept(page)).to_have_count(2)
    expect(kept(page).locator("img")).to_have_js_property("naturalWidth", 60)
    assert Attachment.objects.unsent().filter(owner=alice).count() == 2
    send(page, "Look at these")
    finished(page)
    expect(entries(page)).to_have_count(0)
    message = Message.objects.get(role="user")
    names = list(message.attachments.order_by("position").values_list("name", flat=True))
    assert names == ["red.jpg", "notes.txt"]


def test_pasted_and_dropped_files_are_taken_but_their_text_is_the_fields(server, surf, alice):
    page = surf(server, alice)
    assert bring(page, "paste", PICTURE) == [False]
    expect(kept(page)).to_have_count(1)
    assert bring(page, "drop", file("dropped.csv", b"a,b"), selector="#thread") == [False] * 3
    expect(kept(page)).to_have_count(2)
    # A drag of text, and cells of a spreadsheet with their picture, are the field's own.
    assert bring(page, "drop", text="words") == [True] * 3
    assert bring(page, "paste", file("image.png", picture(), "image/png"), text="1\t2") == [True]
    expect(entries(page)).to_have_count(2)


def test_send_waits_for_an_upload_and_a_cancelled_one_is_not_sent(server, surf, alice):
    page = surf(server, alice)
    asked = []
    page.route("**/files/", lambda route: asked.append(route))
    page.get_by_label("Add files").set_input_files([file("slow.txt", b"slow"), file("b.txt", b"b")])
    expect(entries(page)).to_have_count(2)
    send(page, "Read this")
    expect(page.locator("[data-files-status]")).to_contain_text("as soon as")
    assert page.locator("article").count() == 0
    page.get_by_role("button", name="Cancel b.txt").click()
    expect(entries(page)).to_have_count(1)
    # Whoever cancels a file looks again before it is sent.
    send(page, "Read this")
    for route in asked:
        route.continue_()
    finished(page)
    assert Message.objects.get(role="user").attachments.get().name == "slow.txt"


def test_a_refusal_stands_beside_the_name_and_holds_the_message_back(server, surf, alice):
    page = surf(server, alice)
    page.get_by_label("Add files").set_input_files(file("virus.exe", b"MZ\x90\0\x03" * 40))
    refused = page.locator(".file--refused")
    expect(refused).to_contain_text("virus.exe")
    expect(refused).to_contain_text("This kind of file is not taken.")
    expect(page.locator("[data-files-status]")).to_contain_text("virus.exe: This kind")
    page.get_by_role("button", name="Remove virus.exe").press("Enter")
    expect(entries(page)).to_have_count(0)
    expect(page.get_by_label("Add files")).to_be_focused()
    # This browser cannot convert it.
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
    page.get_by_label("Add files").set_input_files(file("photo.heic", heic, "image/heic"))
    expect(refused).to_contain_text("HEIC and AVIF pictures are not taken.")


def test_files_that_are_too_many_or_do_not_arrive_say_so(server, surf, alice):
    page = surf(server, alice)
    page.route("**/files/", lambda route: route.abort())
    page.get_by_label("Add files").set_input_files([file(f"{n}.txt", b"n") for n in range(11)])
    refused = page.locator(".file--refused")
    expect(refused).to_have_count(11)
    expect(refused.last).to_contain_text("A message takes at most 10 files.")
    expect(refused.first).to_contain_text("The server could not read it now.")


def test_a_file_is_removed_without_a_reload_and_stays_removed(server, surf, alice):
    page = surf(server, alice)
    page.get_by_label("Add files").set_input_files(file("notes.txt", b"some words"))
    expect(kept(page)).to_have_count(1)
    page.reload()
    expect(kept(page)).to_have_count(1)
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(kept(page)).to_have_count(0)
    assert not Attachment.objects.unsent().exists()


def test_an_edited_message_takes_files_and_a_cancelled_edit_keeps_none(server, surf, alice):
    page = surf(server, alice)
    page.get_by_label("Add files").set_input_files(file("one.txt", b"one"))
    send(page, "First")
    finished(page)
    edit = page.locator("article[data-role=user] [data-edit]")
    form = page.locator("form[data-turn=edit]")
    edit.click()
    form.locator("[name=files]").set_input_files(file("lost.txt", b"lost"))
    expect(form.locator("[data-file]")).to_have_count(2)
    with page.expect_response("**/remove/"):
        form.get_by_text("Cancel", exact=True).click()
    assert not Attachment.objects.filter(name="lost.txt").exists()
    edit.click()
    form.get_by_role("button", name="Remove one.txt").click()
    expect(form.locator("[data-file]")).to_have_count(0)
    form.locator("[name=files]").set_input_files(file("two.txt", b"two"))
    form.get_by_role("button", name="Save and send").click()
    page.locator(".message__text").get_by_text("First").wait_for()
    finished(page)
    expect(page.locator("article[data-role=user] [data-file]")).to_contain_text("two.txt")
    one, two = Message.objects.filter(role="user").order_by("created_at")
    assert [one.attachments.get().name, two.attachments.get().name] == ["one.txt", "two.txt"]


def test_a_queued_message_that_is_taken_back_brings_its_files(server, surf, alice, gateway):
    gateway.will(chunks=[3])
    page = surf(server, alice)
    send(page, "First")
    page.get_by_role("button", name="Stop").wait_for()
    page.get_by_label("Add files").set_input_files(file("later.txt", b"later"))
    expect(kept(page)).to_have_count(1)
    send(page, "Second")
    expect(page.locator("#queued")).to_contain_text("later.txt")
    expect(entries(page)).to_have_count(0)
    page.get_by_role("link", name="Edit the queued message").click()
    expect(kept(page)).to_contain_text("later.txt")
    page.get_by_role("button", name="Remove later.txt").click()
    expect(kept(page)).to_have_count(0)
    assert not Attachment.objects.exists()
