"""Finding messages and titles by their words, in the database's own index, on both databases."""

import time
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Conversation, LanguageModel, Message, Response, SearchEntry
from conversations.replies import recovery, response_states
from conversations.replies.partial_items import Unsaved
from conversations.search import BEST, index, search
from conversations.search.terms import terms
from tests.support.hypothesis_scale import examples
from tests.support.ledger_rows import ask
from tests.support.search_index import raw_index


@pytest.fixture
def model(db):
    return LanguageModel.objects.get_or_create(name="test-model")[0]


@pytest.fixture
def say(model):
    """A person's message, in a new conversation or an old one; and a reply where one is given."""

    def say(person, text, reply=None, conversation=None):
        response = ask(person, text, model, conversation=conversation)
        lease = uuid.uuid4()
        response_states.claim(response.pk, lease)
        fields = {"status": Response.Status.COMPLETED, "usage_source": "none"}
        response_states.finish(response, lease, fields, reply or "", "", "")
        return Conversation.objects.get(pk=response.conversation_id)

    return say


def texts(query, *people, **narrowed):
    """The texts and titles that `query` finds in what belongs to `people`, in order."""
    hits = search(query, [person.pk for person in people] or None, **narrowed)
    by_id = Message.objects.in_bulk([hit.message_id for hit in hits if hit.message_id])
    titles = Conversation.objects.in_bulk([hit.conversation_id for hit in hits])
    return [
        by_id[hit.message_id].text if hit.message_id else f"# {titles[hit.conversation_id].title}"
        for hit in hits
    ]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The elephant sleeps", "elephant"),
        ("The elephant sleeps", "ELEPHANT sleeps"),
        ("The elephant sleeps", "sleeps the"),
        ("The elephant sleeps", "eleph"),
        ("The elephant sleeps", "sl"),
        ("The elephant sleeps", "the ele"),
        ("The elephant sleeps", '"the elephant"'),
        ("The elephant sleeps", "“elephant sleeps” th"),
        ("Crème brûlée in Łódź", "creme brulee"),
        ("creme brulee", "crème BRÛLÉE"),
        ("Die Straße", "strasse"),
        ("das ist die STRASSE", "straße"),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("call foo.bar(x_1) now", "foo.bar"),
        ("call foo.bar(x_1) now", "x_1"),
        ("язык Питон и ёлка", "елка питон"),
        ("हिन्दी भाषा", "हिन्दी"),
        ("今天天气很好", "天气"),
        ("今天天气很好", "气"),
        ("今天天气很好", "天天气很"),
        ("今天天气很好", "好"),
        ("今天天气很好", "今天 很好"),
        ("我用Python语言写", "python语言"),
        ("我用Python语言写", "用Py"),
        ("我用Python语言写", "Python语"),
        ("東京タワーへ行く", "東京タワー"),
        ("ﾃｽﾄです。ｶﾞｲﾄﾞ", "テスト ガイド"),
        ("안녕하세요 세계", "하세"),
        ("สวัสดีชาวโลก", "ชาวโลก"),
        ("a" * 500, "a" * 500),
        ("a" * 500, "a" * 70),
        ("C and R", "c"),
    ],
)
def test_a_message_is_found(alice, say, text, query):
    say(alice, f"Title first\n\n{text}")
    assert len(texts(query, alice)) == 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The party begins", "art"),
        ("The party begins", "part begins"),
        ("The party begins", '"party the"'),
        ("The party begins", '"part"'),
        ("The party begins", "party ends"),
        ("今天天气很好", "天好"),
        ("今天天气很好", "气天"),
        ("C and R", "d"),
        ("cats", "c"),
    ],
)
def test_a_message_is_not_found_by_what_it_does_not_say(alice, say, text, query):
    say(alice, f"Title first\n\n{text}")
    assert texts(query, alice) == []


def test_only_my_own_is_found(alice, bob, say):
    say(alice, "my secret plan")
    say(bob, "no plan at all")
    assert texts("plan", bob) == ["no plan at all", "# no plan at all"]
    assert texts("secret", bob) == []
    assert texts("pl", bob) == ["no plan at all", "# no plan at all"]


def test_everybodys_is_found_where_it_is_asked_for(alice, bob, administrator, say):
    say(alice, "first plan")
    say(bob, "second plan")
    assert len(texts("plan")) == 4
    assert len(texts("plan", alice, bob)) == 4
    assert texts("plan", administrator) == []
    assert search("plan", []) == []


def test_titles_and_final_replies_are_found(alice, say):
    conversation = say(alice, "Which animal?", "The okapi.")
    assert texts("okapi", alice) == ["The okapi."]
    assert texts("animal", alice) == ["Which animal?", "# Which animal?"]
    index.change_title(conversation.pk, "On giraffes")
    assert texts("animal", alice) == ["Which animal?"]
    assert texts("giraffes", alice) == ["# On giraffes"]


def test_a_reply_is_not_found_before_it_is_final(alice, model):
    response = ask(alice, "Which animal?", model)
    lease = uuid.uuid4()
    response_states.claim(response.pk, lease)
    response_states.checkpoint(lease, [Unsaved(response.pk, "The okapi", "")], [response.pk])
    assert texts("okapi", alice) == []
    fields = {"status": Response.Status.CANCELLED, "usage_source": "none"}
    response_states.finish(response, lease, fields, "The okapi", "", "")
    assert texts("okapi", alice) == ["The okapi"]


def test_what_a_dead_process_left_is_found(alice, model):
    response = ask(alice, "Which animal?", model)
    lease = uuid.uuid4()
    response_states.claim(response.pk, lease)
    response_states.checkpoint(lease, [Unsaved(response.pk, "The okapi", "")], [response.pk])
    Response.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    recovery.bury(response.pk)
    assert texts("okapi", alice) == ["The okapi"]


def test_an_edited_message_is_found_beside_the_first_one(alice, model, say):
    conversation = say(alice, "an okapi")
    message = conversation.messages.get(role="user")
    ask(alice, "two giraffes", model, edited=message)
    assert texts("okapi", alice) == ["an okapi", "# an okapi"]
    assert texts("giraffes", alice) == ["two giraffes"]


def test_newest_first_or_best_first(alice, say):
    say(alice, "zebra zebra zebra stripes")
    say(alice, "Long before\n\n" + "other words about all kinds of things " * 20 + "zebra")
    newest = texts("zebra", alice)
    assert newest[0].startswith("Long before")
    best = texts("zebra", alice, order=BEST)
    assert best[0] == "# zebra zebra zebra stripes"
    assert best[-1].startswith("Long before")


def test_narrowed_by_conversation_model_and_date(alice, say):
    first = say(alice, "the plan, first")
    second = say(alice, "the plan, second")
    Conversation.objects.filter(pk=second.pk).update(model="other-model")
    SearchEntry.objects.filter(conversation=first).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    yesterday = timezone.now() - timedelta(days=1)
    a, b = ["the plan, first", "# the plan, first"], ["the plan, second", "# the plan, second"]
    assert texts("plan", alice) == b + a
    assert texts("plan", alice, conversation=first.pk) == a
    assert texts("plan", alice, model="other-model") == b
    assert texts("plan", alice, since=yesterday) == b
    assert texts("plan", alice, until=yesterday) == a


def test_looks_follow_one_another(alice, say):
    for number in range(5):
        say(alice, f"plan {number}")
    first = search("plan", [alice.pk], limit=4)
    rest = search("plan", [alice.pk], before=first[-1].id)
    assert len(first) == 4
    assert [hit.id for hit in first + rest] == [hit.id for hit in search("plan", [alice.pk])]


def test_the_trash_is_found_only_where_it_is_asked_for(alice, say):
    conversation = say(alice, "the plan")
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())
    assert texts("plan", alice) == []
    assert len(texts("plan", alice, trashed=True)) == 2


def test_a_very_long_message_is_found_by_its_last_words_and_across_its_parts(alice, say):
    words = [f"word{number}" for number in range(30_000)]
    say(alice, "start\n" + " ".join(words))
    assert SearchEntry.objects.exclude(message=None).count() == 3
    for query in ("word29999", '"word11999 word12000"', '"word23998 word23999 word24000"'):
        assert len(set(texts(query, alice))) == 1
    Conversation.objects.all().delete()
    assert raw_index() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")
def test_the_words_of_a_usual_message_stand_in_its_row(alice, say):
    say(alice, " ".join(f"word{number * 7919}" for number in range(400)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(pg_column_size(terms)) FROM conversations_searchentry")
        assert cursor.fetchone()[0] > 5_000
        cursor.execute(
            "SELECT reltoastrelid::regclass::text FROM pg_class"
            " WHERE oid = 'conversations_searchentry'::regclass"
        )
        cursor.execute(f"SELECT count(*) FROM {cursor.fetchone()[0]}")
        assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize("deletion", ["person", "conversation", "message", "queryset"])
def test_deleted_words_leave_the_index(alice, say, deletion):
    conversation = say(alice, "the quick okapi\n今天天气", "a slow giraffe")
    pk = conversation.pk
    kept = say(alice, "what stays")
    {
        "person": alice.delete,
        "conversation": conversation.delete,
        "message": conversation.messages.get(role="user").delete,
        "queryset": Conversation.objects.filter(pk=conversation.pk).delete,
    }[deletion]()
    assert not SearchEntry.objects.filter(conversation=pk).exclude(message=None).exists()
    Conversation.objects.filter(pk=pk).delete()
    left = " ".join(raw_index())
    assert not any(word in left for word in ("okapi", "giraffe", "今天"))
    if deletion != "person":
        assert len(texts("stays", alice)) == 2
        assert kept.search_entries.count() == 2


def test_the_index_can_be_made_anew(alice, bob, say, capsys):
    say(alice, "an okapi\n今天天气", "The giraffe.")
    say(bob, "a zebra")
    before = [texts(query) for query in ("okapi", "天气", "giraffe", "ze", "a")]
    index.database().clear()
    assert texts("okapi") == []
    call_command("rebuild_search")
    assert capsys.readouterr().out == "5 messages and titles are in the index.\n"
    assert [texts(query) for query in ("okapi", "天气", "giraffe", "ze", "a")] == before
    Conversation.objects.all().delete()
    assert raw_index() == []


HOSTILE = [
    '"', "'", "\\", "*", "a*", "^a", "-a", "a:b", "words:a", "owner : u1", "AND", "OR NOT NEAR(",
    "a AND", "(a", "a)", "a & !b", "a <-> b", "a | ", "''", "$$", "%", "%s %(x)s", "{a b}: c",
    "\0", "a\0b", "\ud800", "a\ud83d", "\u202e", "\ufffe", "\U000e0001", "́", "゙", "\x1f" * 50,
    "x" * 10_000, "字" * 10_000, "a " * 5_000, '"' * 10_000, "字 " * 5_000, "; DROP TABLE x", "",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_find_nothing_and_break_nothing(alice, say, query):
    say(alice, "harmless")
    for order_ in ("newest", BEST):
        assert texts(query, alice, order=order_) == []


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.text(max_size=60))
def test_no_query_raises(alice, query):
    search(query, [alice.pk])
    search(query, None, order=BEST)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_every_text_goes_in_is_found_by_itself_and_comes_out(alice, text):
    conversation = Conversation.objects.create(owner=alice)
    stored = text.replace("\0", "")
    message = Message.objects.create(conversation=conversation, role="user", text=stored)
    index.add_text(alice.pk, message.conversation_id, message.pk, message.created_at, message.text)
    entries = SearchEntry.objects.filter(conversation=conversation).count()
    hits = search(f'"{stored}"', [alice.pk], conversation=conversation.pk)
    assert bool(entries) == bool(hits)
    conversation.delete()
    assert raw_index() == []


# --- Words with symbols, optional marks, and where imports belong


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("שָׁלוֹם עולם", "שלום"),
        ("שלום", "שָׁלוֹם"),
        ("كَتَبَ الدَّرسَ", "كتب"),
        ("الكتـــاب", "الكتاب"),
        ("أحمد", "احمد"),
        ("ܫܠܳܡܳܐ", "ܫܠܡܐ"),
        ("soft\u00adhyphen and le\u200eft", "softhyphen left"),
        ("I learn C++, slowly", "C++"),
        ("I learn **C++**.", "c++"),
        ("我用C++写", "C++"),
        ("in C++17 and later", "c++17"),
        ("in C++17 and later", "C++ later"),
        ("C++/CLI", "C++"),
        ("Ｃ＋＋", "C++"),
        ("[C#](https://example.org)", "C#"),
        ("F#!", "f#"),
        ("I know Objective-C", "objective-c"),
        ("`.NET` on Linux", ".NET"),
        ("on .NET 8 and C#", ".net c#"),
        ("ASP.NET", ".net"),
        ("ASP.NET", "asp.net"),
        ("tagged #python", "#python"),
        ("use `a->b` here", "->"),
        ("use `a->b` here", "a->b"),
        ("x => **=>** y", "=>"),
        ("if a != b", "!="),
        ("a && b || c", "&&"),
        ("a && b || c", "||"),
        ("i++;", "++"),
        ("one + two", "+"),
        ("well done 👍🏽", "👍"),
        ("well done 👍", "👍🏿"),
        ("she is 👩‍💻 now", "👩‍💻"),
        ("she is 👩‍💻 now", "💻"),
        ("I ❤️ it", "❤"),
        ("to 🇩🇪!", "🇩🇪"),
        ("costs 5 €", "€"),
        ("a → b", "→"),
        ("Tom and Jerry", "Tom & Jerry"),
        ("one two", "one - two"),
        ("**bold** word", '"bold word"'),
        ("the modern C++ code", '"modern C++ code"'),
    ],
)
def test_words_are_found_with_their_symbols_and_without_optional_marks(alice, say, text, query):
    say(alice, f"Title first\n\n{text}")
    assert len(texts(query, alice)) == 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("vitamin C", "C++"),
        ("vitamin C", "c#"),
        ("C#", "C++"),
        ("the net is wide", ".NET"),
        ("a - b > c", "->"),
        ("a = b", "!="),
        ("python", "#python"),
        ("well done", "👍"),
        ("👩 and 💻", "👩‍💻"),
        ("🇩🇪", "🇫🇷"),
        ("C++17", '"c++ 17 x"'),
        ("כתבת", '"כתב"'),
    ],
)
def test_words_are_not_found_by_other_symbols(alice, say, text, query):
    say(alice, f"Title first\n\n{text}")
    assert texts(query, alice) == []


@pytest.mark.parametrize(
    "text",
    ["a+" * 50_000, "+" * 100_000, "." * 100_000, "👩‍" * 50_000, ".a" * 50_000, "c++" * 30_000,
     "#+" * 50_000, "a" * 100_000, "->" * 50_000],
    ids=range(9),
)  # fmt: skip
def test_symbols_cost_a_time_that_grows_with_the_text(text):
    def spent(text):
        began = time.process_time()
        terms(text)
        return time.process_time() - began

    terms(text)
    assert spent(text) < 8 * spent(text[: len(text) // 2]) + 0.1


def test_what_was_said_long_ago_is_found_behind_what_is_new_whenever_it_came(alice, say):
    say(alice, "a new plan")
    old = timezone.now() - timedelta(days=400)
    for days, text in ((0, "an old plan"), (9, "a later plan"), (3, "a plan between them")):
        conversation = Conversation.objects.create(owner=alice, created_at=old)
        Message.objects.create(
            conversation=conversation, role="user", text=text, created_at=old + timedelta(days=days)
        )
        index.add_conversation(conversation.pk)
    found = ["a new plan", "# a new plan", "a later plan", "a plan between them", "an old plan"]
    assert texts("plan", alice) == found
    call_command("rebuild_search")
    assert texts("plan", alice) == found


@pytest.mark.django_db(transaction=True)
def test_a_text_that_cannot_be_indexed_is_refused_at_once(alice):
    """Not tried with one id after the other, as a text whose id is taken."""
    conversation = Conversation.objects.create(owner=alice, title="plan")
    row = (None, conversation.pk, None, timezone.now(), "plan")
    with pytest.raises(IntegrityError):
        index.add_entries(index.entries_of([row]))


def test_many_texts_of_one_moment_stand_in_the_index(alice):
    at = timezone.now()
    conversation = Conversation.objects.create(owner=alice, created_at=at, title="plan")
    Message.objects.bulk_create(
        Message(conversation=conversation, role="user", text=f"plan {number}", created_at=at)
        for number in range(300)
    )
    index.add_conversation(conversation.pk)
    for _again in range(3):
        other = Conversation.objects.create(owner=alice, created_at=at, title="plan")
        Message.objects.bulk_create(
            Message(conversation=other, role="user", text="a plan", created_at=at)
            for _number in range(2)
        )
        index.add_conversation(other.pk)
    assert len(search("plan", [alice.pk])) == 310
    Conversation.objects.all().delete()
    assert raw_index() == []
