"""ChatGPT's exports of 2025 and 2026: what counts as an answer, and what its marks become."""

import json

import pytest

from conversations.transfer import chatgpt


def text(*parts):
    return {"content_type": "text", "parts": list(parts)}


def node(name, parent, role=None, content=None, recipient="all", **metadata):
    """One node of the tree."""
    message = role and {
        "author": {"role": role},
        "content": content,
        "recipient": recipient,
        "metadata": metadata,
    }
    return {"id": name, "parent": parent, "message": message}


def read(*nodes, **fields):
    mapping = {each["id"]: each for each in nodes}
    return chatgpt.read(
        {"title": "T", "current_node": nodes[-1]["id"], "mapping": mapping, **fields}
    )


def said(*nodes):
    return [(turn.role, turn.text) for turn in read(*nodes).turns]


def answered(content, recipient="all", role="assistant", **metadata):
    """The texts of the answers below one question."""
    turns = said(
        node("u", None, "user", text("Question")),
        node("a", "u", role, content, recipient, **metadata),
    )
    assert turns[0] == ("user", "Question")
    assert all(role == "assistant" for role, _text in turns[1:])
    return [text for _role, text in turns[1:]]


def canvas(call, recipient="canmore.create_textdoc"):
    code = {"content_type": "code", "language": "json", "text": json.dumps(call)}
    in_parts = text(json.dumps(call))
    assert answered(code, recipient) == answered(in_parts, recipient)
    return answered(code, recipient)


def test_a_document_of_the_canvas_is_an_answer():
    document = {"name": "Ode", "type": "document", "content": "O kettle, sing."}
    assert canvas(document) == ["**Ode**\n\nO kettle, sing."]


def test_code_of_the_canvas_is_code():
    program = {"name": "a.py", "type": "code/python", "content": "print('```')"}
    assert canvas(program) == ["**a.py**\n\n````python\nprint('```')\n````"]
    page = {"type": "code/react", "content": "<p/>"}
    assert canvas(page) == ["```jsx\n<p/>\n```"]


def test_what_is_written_into_a_canvas_and_said_about_it_are_answers():
    update = {"updates": [{"pattern": ".*", "multiple": False, "replacement": "O pot."}]}
    assert canvas(update, "canmore.update_textdoc") == ["O pot."]
    comments = {"comments": [{"pattern": "O", "comment": "Why O?"}]}
    assert canvas(comments, "canmore.comment_textdoc") == ["Why O?"]


def test_a_canvas_that_is_cut_off_is_kept_as_it_is():
    cut = {"content_type": "code", "text": '{"name": "Ode", "content": "O ket'}
    assert answered(cut, "canmore.create_textdoc") == [f"```json\n{cut['text']}\n```"]


@pytest.mark.parametrize("as_text", [True, False])
def test_the_report_of_a_deep_research_is_an_answer_once(as_text):
    reference = {"matched_text": "\ue200cite\ue202turn1view0\ue201", "type": "webpage",
                 "title": "Moss [a book]", "url": "https://moss.example/a b"}  # fmt: skip
    message = {
        "content": text("# Moss\n\nGreen\ue200cite\ue202turn1view0\ue201."),
        "metadata": {"content_references": [reference]},
    }
    state = {"status": "completed", "report_message": message}
    sdk = {"widget_state": json.dumps(state) if as_text else state}
    turns = said(
        node("u", None, "user", text("Study moss")),
        node("t", "u", "tool", text("Started"), chatgpt_sdk=sdk),
        node("t2", "t", "tool", text("Ended"), chatgpt_sdk=sdk),
    )
    report = "# Moss\n\nGreen ([Moss \\[a book\\]](https://moss.example/a%20b))."
    assert turns == [("user", "Study moss"), ("assistant", report)]


def test_code_said_to_the_person_is_an_answer_and_code_for_a_tool_is_not():
    code = {"content_type": "code", "language": "python", "text": "print(1)"}
    assert answered(code) == ["```python\nprint(1)\n```"]
    assert answered({**code, "language": "unknown"}) == ["```\nprint(1)\n```"]
    assert answered({**code, "language": "a`b\n"}) == ["```\nprint(1)\n```"]
    assert answered(code, "python") == []


def test_an_unknown_kind_of_content_comes_in_with_its_text():
    assert answered({"content_type": "rich_text_2027", "text": "Said."}) == ["Said."]
    assert answered({"content_type": "thoughts", "thoughts": [], "text": "Hm"}) == []


def test_what_is_only_a_picture_a_recording_or_a_file_leaves_its_turn():
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    sound = {"content_type": "audio_asset_pointer"}
    named = [{"name": "heron.png", "mime_type": "image/png"}, {"name": "a.pdf"}]
    shown = said(
        node("u", None, "user", {"content_type": "multimodal_text", "parts": [image, sound]}),
        node("a", "u", "assistant", text("A heron.")),
        node("u2", "a", "user", {"content_type": "multimodal_text", "parts": [image, ""]},
             attachments=named),
        node("a2", "u2", "tool", {"content_type": "multimodal_text", "parts": [image]}),
    )  # fmt: skip
    assert shown == [
        ("user", "🖼️ 🔊"),
        ("assistant", "A heron."),
        ("user", "🖼️ heron.png  \n📎 a.pdf"),
        ("assistant", "🖼️"),
    ]


def test_a_draft_is_said_without_its_marks():
    mail = ':::writing{variant="email" id="1" subject="Tea"}\nDear Ann,\n\ncome.\n:::\nBye'
    assert answered(text(f"Here:\n{mail}")) == ["Here:\n**Tea**\n\nDear Ann,\n\ncome.\nBye"]


SOURCE = {"title": "Rain", "url": "https://rain.example/", "refs": [
    {"turn_index": 0, "ref_type": "search", "ref_index": 1}]}  # fmt: skip


@pytest.mark.parametrize(
    ("marked", "shown"),
    [
        ("It rained\ue200cite\ue202turn0search1\ue201.", "It rained."),
        ("\ue203It rained.\ue204 So", "It rained. So"),
        ("See \ue200url\ue202the office\ue202turn0search2\ue201.", "See the office."),
        ("A \ue202turn0news0 B", "A B"),
        ("A \ue200cite\ue202turn0search1\ue201 B", "A B"),
        ("A \ue200cite\ue202turn0search1\ue201B", "A B"),
        ("A\ue200filecite\ue202turn0file1\ue202L8-L13\ue201.", "A."),
        ("Go \ue200navlist\ue202The news\ue202turn0news1,turn0news2\ue201", "Go The news"),
        ("\ue200video\ue202How to\ue202turn0youtube0\ue201", "How to"),
        ('\ue200entity\ue202["city","Brest","a port"]\ue201', "Brest"),
        ('\ue200product_entity\ue202["turn0product3","Acme kettle"]\ue201', "Acme kettle"),
        ('\ue200products\ue202{"selections":[["turn0product1","A"],["turn0product2","B"]]}\ue201',
         "A, B"),
        ('X\ue200image_group\ue202{"query":["a"]}\ue201', "X"),
        ("X\ue200i\ue202turn0image1\ue202turn0image4\ue201", "X"),
        ("X\ue200cite", "X"),
        ("X \ue200cite\ue202turn0search1 goes on", "X goes on"),
        ("So citeturn0search0turn1news2.", "So."),
        ("So【12†source】.", "So."),
        ("So【4:0†report.pdf】.", "So."),
        ("So :contentReference[oaicite:3]{index=3}.", "So."),
        ("So&#8203;``【oaicite:0】``&#8203;.", "So."),
        ("【注意】 stays, [1] too, as does cite", "【注意】 stays, [1] too, as does cite"),
        ("\ue206\ue205odd", "odd"),
    ],
)  # fmt: skip
def test_marks_without_a_known_source_go_and_their_words_stay(marked, shown):
    assert answered(text(marked)) == ([shown] if shown else [])


@pytest.mark.parametrize(
    ("marked", "shown"),
    [
        ("It rained\ue200cite\ue202turn0search1\ue201.", "It rained ([Rain](https://rain.example/))."),
        ("See \ue200url\ue202the office\ue202turn0search1\ue201.",
         "See [the office](https://rain.example/)."),
        ("A \ue202turn0search1 B", "A ([Rain](https://rain.example/)) B"),
        ("So citeturn0search1.", "So ([Rain](https://rain.example/))."),
    ],
)  # fmt: skip
def test_marks_of_known_sources_become_links(marked, shown):
    references = [{"matched_text": "elsewhere", "items": [SOURCE]}]
    assert answered(text(marked), content_references=references) == [shown]
    entry = {"title": "Rain", "url": "https://rain.example/", "ref_id": SOURCE["refs"][0]}
    searched = node("s", "u", "tool", text("…"), search_result_groups=[{"entries": [entry]}])
    turns = said(
        node("u", None, "user", text("Q")), searched, node("a", "s", "assistant", text(marked))
    )
    assert turns[-1] == ("assistant", shown)


def test_marks_that_the_metadata_quotes_or_points_at_become_links():
    quoted = {"matched_text": "\ue200cite\ue202turn9x1\ue201", "items": [
        {"title": "A", "url": "https://a.example/"}, {"title": "B", "url": "javascript:alert(1)"},
        {"url": "https://b.example/x(1)"}]}  # fmt: skip
    links = "([A](https://a.example/), [b.example](https://b.example/x%281%29))"
    said = answered(text("S\ue200cite\ue202turn9x1\ue201!"), content_references=[quoted])
    assert said == [f"S {links}!"]
    tether = "So【12†source】."
    pointed = {"start_ix": 2, "end_ix": 13, "metadata": {"title": "A", "url": "https://a.example/"}}
    assert tether[2:13] == "【12†source】"
    assert answered(text(tether), citations=[pointed]) == ["So ([A](https://a.example/))."]


def test_a_tree_is_read_by_its_children_where_it_has_no_parents():
    def down(name, children, role=None, content=None):
        whole = node(name, None, role, content)
        return {"children": children, "message": whole["message"]}

    mapping = {
        "a": down("a", [], "assistant", text("A")),
        "r": down("r", ["u"]),
        "u": down("u", ["a", "a2"], "user", text("Q")),
        "a2": down("a2", [], "assistant", text("B")),
    }
    turns = chatgpt.read({"mapping": mapping}).turns
    assert [(turn.id, turn.parent) for turn in turns] == [("u", ""), ("a", "u"), ("a2", "u")]


def test_a_question_without_any_readable_answer_is_named():
    found = read(
        node("u", None, "user", text("Lost?")),
        node("t", "u", "assistant", text("search()"), "web"),
        node("r", "t", "tool", text("result")),
        node("u2", "r", "user", text("Found?")),
        node("t2", "u2", "assistant", text("search()"), "web"),
        node("a2", "t2", "assistant", text("Yes.")),
        node("u3", "a2", "user", text("Never answered")),
    )
    assert found.missing == ["Lost?"]
