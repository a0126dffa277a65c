"""Cleaning of items: what a database refuses, pictures, and too much goes before it is stored."""

import json

import pytest

from conversations.items import clean, clean_all
from conversations.items.cleaning import DEEPEST, LONGEST_ITEM, LONGEST_MESSAGE, MOST_ITEMS
from conversations.models import Message
from tests.support import ledger_rows as books
from tests.support.item_samples import SAMPLES

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5E"


def call(**fields):
    return {"type": "mcp_call", "id": "mcp_1", **fields}


def size(value):
    return len(json.dumps(value, ensure_ascii=False).encode())


def nested(levels, inside="x"):
    for level in range(levels):
        inside = {"in": inside} if level % 2 else [inside]
    return inside


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\0b", "ab"),
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("\ud83d\ude00", "😀"),
        (float("nan"), None),
        (float("inf"), None),
        (-float("inf"), None),
        (1e300, None),
        (10**5000, None),
        (-(10**40), None),
        (10**20, 10**20),
        (True, True),
        (object(), None),
        (("a", "b"), ["a", "b"]),
        ({"k\0": 1, 2: 3}, {"k": 1}),
    ],
    # pytest cannot write such numbers down.
    ids=[f"value {n}" for n in range(14)],
)
def test_what_databases_refuse_goes(value, kept):
    assert clean(call(output=value))["output"] == kept


@pytest.mark.parametrize("item", [{}, {"type": 7}, {"type": None}, [], "text", None, 5])
def test_what_is_no_item_becomes_one_without_a_type(item):
    assert clean(item) == {"type": ""}
    assert clean_all(item) == []
    assert clean_all([item]) in ([], [{"type": ""}])


@pytest.mark.parametrize(
    "field",
    [
        {"result": PNG},
        {"result": "AAAA"},
        {"partial_image_b64": "short"},
        {"outputs": [{"type": "image", "url": f"data:image/png;base64,{PNG}"}]},
        {"content": [{"type": "output_text", "text": f"![](data:image/png;base64,{PNG})"}]},
        {"output": json.dumps({"type": "image", "data": PNG})},
        {"output": json.dumps({"data": "Ab1" * 3000})},
        {"image_url": f"DATA:image/svg+xml;charset=utf-8;base64,{PNG}"},
    ],
)
def test_pictures_go_and_are_counted(field):
    kept = clean({"type": "image_generation_call", "id": "ig_1", **field})
    assert kept["omitted"] == {"pictures": 1}
    assert PNG not in json.dumps(kept) and "Ab1" * 9 not in json.dumps(kept)


@pytest.mark.parametrize(
    "field",
    [
        {"content": [{"type": "output_text", "text": "Ab1" * 3000}]},
        {"encrypted_content": PNG * 20},
        {"output": "-" * 3000},
        {"output": "0123456789" * 300},
        {"url": f"https://a.example/{'path/' * 200}"},
    ],
)
def test_what_only_looks_like_a_picture_stays(field):
    assert clean(call(**field)) == call(**field)


@pytest.mark.parametrize(
    "fields",
    [
        {"output": "x" * 2 * LONGEST_ITEM},
        {"output": "汉" * LONGEST_ITEM},
        {"output": '\\"' * LONGEST_ITEM},
        {"output": ["汉字"] * 100_000},
        {"output": [{"a": {"b": ["c" * 50] * 9}}] * 20_000},
        {"output": {str(n): "y" * 20 for n in range(30_000)}},
        {f"field {n}": "z" * 190 for n in range(9_000)},
        {"output": [[0] * 2_000] * 2_000},
    ],
    ids=["long", "wide", "escapes", "list", "nested", "dict", "fields", "numbers"],
)
def test_an_item_is_cut_to_the_limit_and_says_so(fields):
    kept = clean(call(**fields))
    assert size(kept) <= LONGEST_ITEM
    assert (kept["type"], kept["id"]) == ("mcp_call", "mcp_1")
    assert sum(kept["omitted"].values()) > 0


def test_a_long_text_is_kept_as_far_as_it_may_be():
    kept = clean(call(output="word " * LONGEST_ITEM, name="read"))
    assert kept["name"] == "read"
    assert 50_000 < len(kept["output"]) < LONGEST_ITEM
    assert kept["output"].endswith("…")


def test_deep_levels_are_cut():
    kept = clean(call(output=nested(10_000 // 4)))
    assert kept["omitted"]["levels"] == 1

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    assert depth(kept["output"]) + 1 == DEEPEST
    assert clean(call(output=nested(DEEPEST - 2))) == call(output=nested(DEEPEST - 2))


def test_a_message_has_a_limit_of_its_own():
    items = [call(output="many words " * 20_000) for _ in range(30)]
    kept = clean_all(items)
    assert len(kept) == 30
    assert sum(map(size, kept)) <= LONGEST_MESSAGE + 30 * 100
    assert "output" in kept[0] and "output" not in kept[-1]
    assert kept[-1]["omitted"]["bytes"] > 100_000


def test_too_many_items_are_counted():
    kept = clean_all([call(), "no item", *[call()] * (2 * MOST_ITEMS)])
    assert len(kept) == MOST_ITEMS + 1
    assert kept[-1] == {"type": "", "omitted": {"items": MOST_ITEMS + 1}}


def test_cleaning_again_changes_nothing():
    wild = call(output="x" * LONGEST_ITEM * 2, deep=nested(50), number=float("nan"), picture=PNG)
    for item in (wild, *SAMPLES.values(), call(omitted={"pictures": 3, "lies": 5, "bytes": "x"})):
        once = clean(item)
        assert clean(once) == once
    assert clean(call(omitted={"pictures": 3, "lies": 5})) == call(omitted={"pictures": 3})


def test_what_is_cleaned_can_be_stored_and_comes_back(alice):
    message = books.ask(alice).message
    wild = {"a\0": "b\0", "half": "\ud800", "nan": [float("nan"), 1e308, 10**999], "f": 0.1}
    message.items = clean_all([*SAMPLES.values(), call(**wild), call(output=nested(99))])
    message.save()
    assert Message.objects.get(pk=message.pk).items == message.items
