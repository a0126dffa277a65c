"""The tools of a model: what an administrator may write into its row, and what is made of it."""

import html
import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import settings as examined
from hypothesis import strategies as st

from conversations import tools
from conversations.doctor import tools as doctor
from conversations.models import LanguageModel, ReviewAccess
from conversations.tools import secrets
from conversations.tools.tool import ADDED
from tests.support.hypothesis_scale import examples

pytestmark = pytest.mark.once

DOCUMENT = Path(__file__).parent.parent / "docs" / "tools.md"
ADD = "/admin/conversations/languagemodel/add/"
SEARCH = {"type": "web_search"}
CONNECTOR = {
    "type": "mcp",
    "server_label": "crm",
    "server_url": "https://crm.example.org/mcp",
    "authorization": "${CRM_TOKEN}",
}
GOOD = [
    [],
    [SEARCH],
    [SEARCH, {"type": "code_interpreter", "container": {"type": "auto"}}],
    [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}],
    [{"name": "look-up_2:a", "label": "Look it up", "tool": SEARCH, "default": True}],
    [{"tool": SEARCH, "include": ["web_search_call.action.sources"]}],
    [{"name": "near", "tool": SEARCH}, {"name": "far", "tool": SEARCH}],
    [CONNECTOR],
    [{**CONNECTOR, "authorization": "Bearer ${CRM_TOKEN}", "require_approval": "never"}],
    [{**CONNECTOR, "headers": {"X-Api-Key": "${CRM_KEY}", "X-Team": "research"}}],
    [{"type": "image_generation", "partial_images": 0}],
    [{"type": "something_new", "any": [1, {"thing": None}]}],
]
BAD = [
    ({"type": "web_search"}, "Write a list of tools, in square brackets"),
    ("web_search", "Write a list of tools"),
    (3, "Write a list of tools"),
    (["web_search"], 'Tool 1: It must be an object, such as {"type": "web_search"}.'),
    ([SEARCH, None], "Tool 2: It must be an object"),
    ([{}], "Tool 1: It needs a “type” as the gateway calls it"),
    ([{"type": ""}], "It needs a “type”"),
    ([{"type": 3}], "It needs a “type”"),
    ([{"type": "a b"}], "Its “name” must be of letters"),
    ([{"tool": {"type": "a.b"}}], "Its “name” must be of letters"),
    ([{"name": "x" * 65, "tool": SEARCH}], "Its “name” must be of letters"),
    ([{"name": ["x"], "tool": SEARCH}], "Its “name” must be of letters"),
    ([{"tool": "web_search"}], "“tool” must be an object"),
    ([{"tool": SEARCH, "lable": "x"}], "“lable” is not known beside “tool”; known are name, label"),
    ([{**SEARCH, "label": "x"}], "“label” is not sent to the gateway, so it stands beside"),
    ([{**SEARCH, "groups": []}], "“groups” is not sent to the gateway"),
    ([{"tool": SEARCH, "label": " "}], "Its “label” must be a text of 1 to 60 characters."),
    ([{"tool": SEARCH, "label": "x" * 61}], "Its “label” must be a text"),
    ([{"tool": SEARCH, "label": "a\0b"}], "Its “label” must be a text"),
    ([{"tool": SEARCH, "include": "sources"}], "Its “include” must be a list of texts"),
    ([{"tool": SEARCH, "include": ["a b"]}], "Its “include” has a text that cannot be used."),
    ([{"tool": SEARCH, "groups": "Research"}], "Its “groups” must be a list of texts"),
    ([{"tool": SEARCH, "groups": [1]}], "Its “groups” must be a list of texts"),
    ([{"tool": SEARCH, "default": "yes"}], "Its “default” must be true or false."),
    ([SEARCH, SEARCH], "Tool 2 (web_search): Another tool has this name already."),
    ([{"type": "function", "name": "f"}], "“name” is not sent to the gateway"),
    ([{"tool": {"type": "function", "name": "f"}}], "“function” is run by whoever calls"),
    ([{"type": "custom"}], "“custom” is run by whoever calls the gateway"),
    ([{"type": "image_generation", "partial_images": 2}], "“partial_images” must be 0"),
    ([{**SEARCH, "x": "a\0b"}], "It has a character that cannot be stored."),
    ([{**SEARCH, "x": "\ud83d"}], "It has a character that cannot be stored."),
    ([{**SEARCH, "x": float("nan")}], "It has a number that cannot be stored."),
    ([{**SEARCH, "x": "y" * 20_000}], "It is longer than 20000 characters."),
    ([{"type": "mcp"}], "A connector needs a “server_label”"),
    ([{"type": "mcp", "server_label": "a"}], "A connector needs a “server_url”"),
    ([{**CONNECTOR, "server_url": "crm"}], "must be an address that begins with https://"),
    ([{**CONNECTOR, "server_url": "https://["}], "must be an address"),
    ([{**CONNECTOR, "require_approval": "maybe"}], "Its “require_approval” must be"),
    ([{**CONNECTOR, "authorization": "tok_1"}], "Its “authorization” must not stand here"),
    (
        [{**CONNECTOR, "authorization": None, "server_url": "https://crm:tok_1@crm.example.org/"}],
        "Its “authorization” must not stand here",
    ),
    ([{**CONNECTOR, "authorization": 1}], "Its “authorization” must be a text."),
    ([{**CONNECTOR, "authorization": "${}"}], "Its “authorization” must not stand here"),
    ([{**CONNECTOR, "headers": {"X-Api-Key": "k"}}], "Its “X-Api-Key” must not stand here"),
    ([{**CONNECTOR, "headers": {"X": "${a b}"}}], "A variable is written ${NAME}"),
    ([{**CONNECTOR, "headers": ["X"]}], "Its “headers” must be an object of texts"),
    ([{**CONNECTOR, "headers": {"X": 1}}], "Its “headers” must be an object of texts"),
    ([{**CONNECTOR, "server_url": "https://x.org/${A}"}], "filled in only in “authorization”"),
    ([{**CONNECTOR, "authorization": "${OPENAI_API_KEY}"}], "is a setting of this site"),
    ([{**CONNECTOR, "headers": {"X": "${DATABASE_URL}"}}], "“DATABASE_URL” is a setting"),
    ([{**CONNECTOR, "headers": {"X": "${secret_key_file}"}}], "is a setting of this site"),
    ([{"type": "x", "name": "y", "z": {"type": "w"}}], "“name” is not sent"),
    ([{"tool": SEARCH, "name": str(number)} for number in range(51)], "at most 50 tools"),
]


@pytest.mark.parametrize("value", GOOD)
def test_what_gateways_take_is_taken(value):
    assert tools.faults(value) == []
    assert len(tools.read(value)) == len(value)


def test_the_examples_of_the_document_can_be_written_as_they_stand():
    blocks = re.findall(r"(?:^ {4}.*\n)+", DOCUMENT.read_text(), re.MULTILINE)
    examples = [json.loads(block) for block in blocks if block.lstrip().startswith("[")]
    assert len(examples) >= 7
    assert [tools.faults(example) for example in examples] == [[]] * len(examples)
    # And every key that an entry may have is explained.
    assert set(ADDED) <= set(re.findall(r"^\| `([a-z]+)` \|", DOCUMENT.read_text(), re.MULTILINE))


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_each_mistake_is_one_sentence_and_costs_only_its_own_entry(value, sentence):
    [said] = tools.faults(value)
    assert sentence in said
    if isinstance(value, list) and len(value) < 3:
        beside = {"name": "beside", "tool": SEARCH}
        assert "beside" in [tool.name for tool in tools.read([*value, beside])]


TEXTS = st.sampled_from(["web_search", "mcp", "function", "name", "x", "", "${A}", "\0"])
KEYS = st.sampled_from(["type", "tool", "name", "label", "include", "groups", "default", "headers"])
KEYS |= st.sampled_from(["server_label", "server_url", "authorization", "require_approval"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@examined(max_examples=examples(300), deadline=None)
@given(JSON)
def test_whatever_a_row_holds_is_read_or_told(value):
    found, said = tools.read(value), tools.faults(value)
    assert all(isinstance(sentence, str) and sentence for sentence in said)
    if isinstance(value, list):
        assert len(found) + len(said) == len(value)
    else:
        assert (found, bool(said)) == ((), value is not None)


def test_nesting_without_end_is_a_sentence_too():
    nested = []
    for _level in range(900):
        nested = [nested]
    [said] = tools.faults([{**SEARCH, "x": nested}])
    assert said == "Tool 1 (web_search): It is nested too deeply."


def test_a_tool_has_a_name_and_words_for_people():
    found = tools.read(
        [
            SEARCH,
            {"type": "openrouter:image_generation"},
            {"type": "brand_new"},
            {"name": "crm", "label": "Ask  our\ncustomers", "tool": CONNECTOR, "groups": ["Sales"]},
        ]
    )
    assert [(tool.name, str(tool.label), tool.kind) for tool in found] == [
        ("web_search", "Search the web", "web_search"),
        ("openrouter:image_generation", "Make pictures", "image_generation"),
        ("brand_new", "brand_new", "brand_new"),
        ("crm", "Ask our customers", "mcp"),
    ]
    assert found[3].groups == ("Sales",)
    assert not any(tool.default for tool in found)


def test_a_group_that_does_not_exist_is_a_mistake_when_it_is_written(db):
    row = LanguageModel(name="m", tools=[{"tool": SEARCH, "groups": ["Sales", "Research"]}])
    Group.objects.create(name="Sales")
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert refused.value.message_dict == {"tools": ["There is no group “Research”."]}


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def write(office, text, address=ADD):
    form = {"name": "searcher", "enabled": "on", "files": "text", "tools": text}
    return office.post(address, form, follow=True)


def test_an_administrator_writes_tools_which_the_log_records(office):
    assert "docs/tools.md" in office.get(ADD).text
    assert write(office, '[{"type": "web_search"}]').status_code == 200
    row = LanguageModel.objects.get(name="searcher")
    assert row.tools == [SEARCH]
    address = f"/admin/conversations/languagemodel/{row.pk}/change/"
    page = office.get(address)
    assert '"type": "web_search"' in html.unescape(page.text)
    assert write(office, "", address).status_code == 200
    row.refresh_from_db()
    assert row.tools == []
    change = ReviewAccess.objects.filter(action="changed_setting").latest("pk").detail
    assert change["before"]["tools"] == [SEARCH]
    assert change["after"]["tools"] == []
    assert "web_search" not in office.get("/admin/conversations/languagemodel/").text


@pytest.mark.parametrize(
    ("typed", "sentences"),
    [
        ('[{"type": "web_search",}]', ["This is no JSON: line 1, column 24: "]),
        ('[\n{"type": NaN}]', ["It has a number that cannot be stored"]),
        ("[" * 100_000, ["nested too deeply"]),
        ("[" * 40 + "]" * 40, ["nested too deeply"]),
        ("{}", ["Write a list of tools"]),
        (
            '[{"type": "function"}, {"typ": 1}]',
            ["Tool 1 (function): ", "Tool 2: It needs a “type”"],
        ),
        ('[{"tool": {"type": "x", "y": "\\u0000"}}]', ["Tool 1: It has a character"]),
        ('[{"tool": {"type": "x"}, "groups": ["Nobody"]}]', ["There is no group “Nobody”."]),
    ],
)
def test_a_mistake_comes_back_with_what_was_typed(office, typed, sentences):
    page = write(office, typed)
    assert not LanguageModel.objects.filter(name="searcher").exists()
    shown = html.unescape(page.text)
    assert all(sentence in shown for sentence in sentences)
    assert typed in shown


def test_what_was_stored_and_cannot_be_used_is_told_and_stops_no_list(office):
    row = LanguageModel.objects.create(
        name="searcher", tools=[SEARCH, {"typ": "x"}, {"tool": CONNECTOR, "groups": ["Gone"]}]
    )
    listed = office.get("/admin/conversations/languagemodel/").text
    assert "web_search, mcp, not all can be used" in listed
    page = html.unescape(office.get(f"/admin/conversations/languagemodel/{row.pk}/change/").text)
    for sentence in (
        "Tool 2: It needs a “type”",
        "There is no group “Gone”.",
        "CRM_TOKEN is not set on the server",
    ):
        assert sentence in page
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk}
    form |= {"form-0-enabled": "", "form-0-images": "on", "form-0-files": "text", "_save": "Save"}
    assert office.post("/admin/conversations/languagemodel/?q=searcher", form).status_code == 302
    row.refresh_from_db()
    assert row.images
    assert len(row.tools) == 3


def test_the_doctor_says_what_cannot_be_used(db):
    assert [each.level for each in doctor.check()] == ["ok"]
    LanguageModel.objects.create(name="fine", tools=[SEARCH])
    off = [{"typ": "x"}]
    LanguageModel.objects.create(name="off", enabled=False, tools=off)
    assert [each.level for each in doctor.check()] == ["ok"]
    LanguageModel.objects.create(name="broken", tools=[*off, CONNECTOR])
    found = [each.as_dict("tools") for each in doctor.check()]
    assert {each["level"] for each in found} == {"warning"}
    assert found[0]["said"].startswith("broken: Tool 1: It needs a “type”")
    assert "the environment variable CRM_TOKEN of a connector is not set" in found[1]["said"]


def test_a_secret_is_filled_in_for_the_wire_only(monkeypatch, tmp_path):
    tool = {**CONNECTOR, "headers": {"X-Api-Key": "key ${CRM_KEY}", "X-Team": "research"}}
    body = {"model": "m", "tools": [SEARCH, tool], "input": []}
    assert secrets.has_secrets(body)
    assert not secrets.has_secrets({"tools": [SEARCH]})
    assert not secrets.has_secrets({})
    monkeypatch.setenv("CRM_TOKEN", "tok-1")
    with pytest.raises(secrets.SecretMissing, match="CRM_KEY"):
        secrets.fill(body)
    kept = tmp_path / "key"
    kept.write_text("from-a-file\n")
    monkeypatch.setenv("CRM_KEY_FILE", str(kept))
    filled, values = secrets.fill(body)
    assert filled["tools"][1]["authorization"] == "tok-1"
    assert filled["tools"][1]["headers"] == {"X-Api-Key": "key from-a-file", "X-Team": "research"}
    assert filled["tools"][0] is SEARCH
    assert sorted(values) == ["from-a-file", "tok-1"]
    assert body["tools"][1] is tool
    assert tool["authorization"] == "${CRM_TOKEN}"


def test_a_setting_of_the_site_is_sent_nowhere_whatever_a_row_says():
    body = {"tools": [{**CONNECTOR, "authorization": "${SECRET_KEY}"}]}
    with pytest.raises(secrets.SecretMissing, match="SECRET_KEY"):
        secrets.fill(body)
