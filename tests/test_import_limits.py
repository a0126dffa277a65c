"""Files that are imported: read piece by piece, in bounded memory, and resumed after a crash."""

import io
import json
import random
import subprocess
import sys
import time
import zipfile
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import settings as examined
from hypothesis import strategies as st

from conversations.models import Conversation, Message
from conversations.transfer import json_splitter
from conversations.transfer.bringing_in import Importer, Unreadable, bring_in
from conversations.transfer.import_file import ImportFile
from conversations.transfer.json_splitter import CutOff, NotJson, split
from conversations.transfer.report import Report
from tests.support.hypothesis_scale import examples

pytestmark = pytest.mark.measures

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def imports(settings, tmp_path):
    settings.IMPORT_FOLDER = tmp_path / "imports"
    return settings.IMPORT_FOLDER


def conversation(number, *texts):
    """One of ChatGPT's, of a chain of turns."""
    mapping = {"0": {"parent": None, "message": None}}
    for at, text in enumerate(texts, 1):
        role = "user" if at % 2 else "assistant"
        message = {
            "author": {"role": role},
            "content": {"content_type": "text", "parts": [text]},
            "create_time": 1_700_000_000 + at,
        }
        mapping[str(at)] = {"parent": str(at - 1), "message": message}
    return {
        "id": str(UUID(int=number)),
        "title": f"Conversation {number}",
        "mapping": mapping,
        "current_node": str(len(texts)),
    }


def zipped(members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def brought_in(person, content, **limits):
    return bring_in(person, io.BytesIO(content), **limits)


# --- Splitting


def objects(content, chunk, monkeypatch):
    monkeypatch.setattr(json_splitter, "CHUNK", chunk)
    monkeypatch.setattr(json_splitter, "LEAST_BYTES", 0)
    pieces = [piece for piece in split(io.BytesIO(content)) if piece is not None]
    return [json.loads(piece.content) for piece in pieces]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[], \né\ud83d', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a]"', max_size=3), inner),
    max_leaves=12,
)


@examined(max_examples=examples(100), deadline=None)
@given(
    st.lists(VALUES, max_size=6) | st.dictionaries(st.text(max_size=3), VALUES),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
    st.sampled_from([b"", b"\xef\xbb\xbf", b" \n"]),
)
def test_every_object_of_a_file_is_found_however_it_is_read(found, chunk, indent, before):
    content = before + json.dumps(found, indent=indent).encode()
    expected = [each for each in found if isinstance(each, dict)]
    with pytest.MonkeyPatch.context() as patch:
        shown = objects(content, chunk, patch)
    assert shown == ([found] if isinstance(found, dict) else expected)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NotJson), (b"  ", NotJson), (b"hello", NotJson), (b"7", NotJson), (b"[{}", CutOff),
     (b'{"a": "', CutOff), (b'[{}, "x\\', CutOff), (b"[" * 200_000, CutOff),
     (b"[" + b"[]," * 200_000, NotJson)],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_json_or_ends_early_says_so(content, error):
    with pytest.raises(NotJson) as raised:
        list(split(io.BytesIO(content)))
    assert raised.type is error


@pytest.mark.parametrize(
    "odd",
    ['{"mapping": {"a": "' + "x" * 17 * MEGABYTE + '"}}', '{"mapping": ' + "[" * 5_000,
     '{"title": "Odd", "mapping": [' + "[]," * 600_000 + "1]}"],
    ids=["long", "deep", "wide"],
)  # fmt: skip
def test_an_object_beyond_the_limits_costs_only_itself(alice, odd):
    closed = odd + ("]" * 5_000 + "}" if odd.endswith("[") else "")
    content = (
        f"[{json.dumps(conversation(1, 'One'))}, {closed}, {json.dumps(conversation(2, 'Two'))}]"
    )
    report = brought_in(alice, content.encode())
    assert report.conversations == 2
    assert report.broken == ["Odd" if "Odd" in odd else "?"]


def test_half_a_surrogate_a_nan_and_a_broken_object_cost_nothing_else(alice):
    odd = (
        rb'{"title": "\ud83d", "create_time": NaN, "mapping": {"a": {"message": {"author":'
        rb'{"role": "user"}, "content": {"content_type": "text", "parts": ["a\udfffb"]}}}}}'
    )
    broken = rb'{"title": "Bro\"ken", "mapping": {"a": 1,}}'
    report = brought_in(alice, b"[" + broken + b"," + odd + b"]")
    assert (report.conversations, report.broken) == (1, ['Bro"ken'])
    assert Message.objects.get().text == "a\ufffdb"


def test_what_stands_before_the_end_of_a_cut_file_comes_in(alice):
    whole = json.dumps([conversation(1, "One"), conversation(2, "Two")]).encode()
    report = brought_in(alice, whole[:-40])
    assert report.conversations == 1
    assert "ends in the middle" in report.lines()[-1]
    assert brought_in(alice, whole).lines()[0] == "1 conversation came in."


def filled(item):
    """A conversation with as many of `item` as its limits allow."""
    most = min(json_splitter.MOST_BYTES // (len(item) + 1), json_splitter.MOST_TOKENS // 3) - 100
    return b'{"mapping":{"1":{}},"x":[' + b",".join([item] * most) + b"]}"


def long_keys():
    most = json_splitter.MOST_TOKENS // 3 - 100
    pairs = (f'"the key number {number:06d}":"{"v" * 38}"' for number in range(most))
    return b'{"mapping":{' + ",".join(pairs).encode() + b"}}"


@pytest.mark.once
@pytest.mark.parametrize(
    "content",
    [filled(b"9" * 4_300), filled(b"9" * 30), filled(b"1." + b"9" * 60), filled(b"[]"),
     filled(b'"' + b"\\n" * 30 + b'"'), filled(b'"' + b"\\u00e9" * 10 + b'"'), long_keys()],
    ids=["long integers", "integers", "fractions", "lists", "line ends", "escapes", "keys"],
)  # fmt: skip
def test_no_conversation_holds_other_threads_for_long(content):
    pieces = [piece for piece in split(io.BytesIO(content)) if piece is not None]
    assert [piece.is_whole for piece in pieces] == [True]
    taken = []
    for _attempt in range(3):
        began = time.thread_time()
        ImportFile(io.BytesIO(), Report())._parsed(pieces[0].content)
        taken.append(time.thread_time() - began)
    assert min(taken) < 0.1


# --- Zips


def test_a_zip_in_a_zip_comes_in_and_one_in_that_does_not(alice, imports):
    deeper = zipped({"conversations.json": json.dumps([conversation(2, "Two")])})
    inner = {"conversations-000.json": json.dumps([conversation(1, "One")]), "d.zip": deeper}
    inner = zipped(inner)
    outer = zipped({"User Online Activity/Conversations__0a.zip": inner, "x.csv": "a,b",
                    "other.zip": "no zip"})  # fmt: skip
    report = brought_in(alice, outer)
    assert Message.objects.get().text == "One"
    assert report.broken == []
    assert list(imports.iterdir()) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_way_of_packing_without_a_bound_is_refused(alice, method):
    with pytest.raises(Unreadable) as refused:
        brought_in(
            alice, zipped({"conversations.json": json.dumps([conversation(1, "One")])}, method)
        )
    assert refused.value.code == "zip"


def test_a_zip_of_very_many_members_is_refused(alice):
    with pytest.raises(Unreadable) as refused:
        brought_in(alice, zipped({f"{number}.txt": "" for number in range(80_000)}))
    assert refused.value.code == "size"


LOOK_THROUGH = """
import resource, sys
import django
django.setup()
from conversations.transfer.import_file import ImportFile
from conversations.transfer.report import Report, Unreadable
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    found = any(ImportFile(sys.stdin.buffer, Report()))
except Unreadable:
    found = False
print(found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.once
@pytest.mark.parametrize(
    "content",
    [b"[" + b"[]," * 5_000_000 + b"[]]", b"[" + b'{"a":[' + b"[]," * 200_000 + b"[]]}]",
     b"[" + b"{}," * 5_000_000 + b"{}]", b'["' + b"x" * 20_000_000 + b'"]'],
    ids=["lists", "one object", "objects", "one text"],
)  # fmt: skip
def test_a_small_zip_that_unpacks_to_very_much_takes_little_memory(content, tmp_path):
    """In a process of its own, whose memory is told in kB."""
    file = tmp_path / "small.zip"
    file.write_bytes(zipped({"conversations.json": content}))
    assert file.stat().st_size < 50_000
    with open(file, "rb") as opened:
        looked = subprocess.run(
            [sys.executable, "-c", LOOK_THROUGH], stdin=opened, capture_output=True, check=True
        )
    found, kilobytes = looked.stdout.split()
    assert found == b"False"
    assert int(kilobytes) < 40_000


# --- Pieces


def random_file(seed, count=12):
    chance = random.Random(seed)
    found = [{"mapping": {"x": 1}, "title": "Broken"}]
    for number in range(1, count):
        turns = chance.choice([0, 1, 3, 3, 250])
        found.append(conversation(number, *(f"Text {n} of {number}" for n in range(turns))))
    return json.dumps(found).encode()


def everything(person):
    return (
        sorted(Conversation.objects.of(person).values_list("title", "trashed_at", "active__text")),
        sorted(Message.objects.values_list("conversation__title", "text", "parent__text", "pk")),
    )


@pytest.mark.parametrize("seed", range(3))
def test_an_import_that_ended_anywhere_goes_on_where_it_was(alice, seed):
    content, chance = random_file(seed), random.Random(seed)
    whole = brought_in(alice, content)
    expected = everything(alice)
    Conversation.objects.all().delete()
    stored, running = {"cursor": None, "report": {}}, True
    while running:
        importer = Importer(alice, io.BytesIO(content), cursor=stored["cursor"],
                            report=Report.from_json(stored["report"]))  # fmt: skip
        for _piece in range(chance.randint(1, 6)):
            piece = importer.read()
            if piece is None:
                running = False
                break
            if chance.random() < 0.2:
                break  # It died before the piece was stored.
            with transaction.atomic():
                importer.store(piece)
            stored = json.loads(
                json.dumps({"cursor": importer.cursor, "report": importer.report.as_json()})
            )
    assert everything(alice) == expected
    assert Report.from_json(stored["report"]).lines() == whole.lines()


def test_a_piece_is_short_whatever_the_file(alice):
    texts = ["word " * 200] * 1_500
    importer = Importer(alice, io.BytesIO(json.dumps([conversation(1, *texts)]).encode()))
    while (piece := importer.read()) is not None:
        assert sum(len(part.messages) for part in piece) <= 200
        began = time.process_time()
        with transaction.atomic():
            importer.store(piece)
        assert time.process_time() - began < 1
        if piece and not piece[-1].completion:
            assert Conversation.objects.get().trashed_at is not None
    assert Conversation.objects.get().trashed_at is None
    assert Message.objects.count() == 1_500


def test_what_has_no_id_or_one_that_is_none_comes_in_once(alice, bob):
    found = [{**conversation(1, "One"), "id": "WEB:1"}, {**conversation(2, "Two"), "id": None},
             {**conversation(3, "Three"), "id": "WEB:1"}]  # fmt: skip
    content = json.dumps(found).encode()
    report = brought_in(alice, content)
    assert (report.conversations, report.known) == (2, 1)
    assert brought_in(alice, content).known == 3
    assert brought_in(bob, content).conversations == 2
    taken = json.dumps([conversation(4, "Four")]).encode()
    assert brought_in(alice, taken).conversations == 1
    assert brought_in(bob, taken).conversations == 1
    assert brought_in(bob, taken).known == 1
