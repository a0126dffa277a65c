"""What hostile text from a gateway costs: processor time that grows with its length, no faster."""

import importlib
import json
import pkgutil
import re
import time

import pytest

import conversations.upstream
from conversations.upstream.error_codes import GatewayError, code_for
from conversations.upstream.gateway_errors import error_in
from conversations.upstream.gateway_text import Redactor
from conversations.upstream.untrusted_json import parse
from tests.support.event_folding import decoded
from tests.support.sse_frames import completed, created, delta, message, stream

pytestmark = pytest.mark.measures

# What the expressions look for, and what looks like it for long.
ATOMS = [
    *(
        "a",
        " ",
        "\n",
        "\\",
        '"',
        "'",
        "`",
        "~",
        "<",
        "[",
        "{",
        "/",
        ".",
        "-",
        "1",
        "4",
        "中",
        "\x01",
    ),
    *(
        "model ",
        "model not ",
        "no such ",
        "does not ",
        "unsupported ",
        "maximum context ",
        "context ",
    ),
    *(
        "sk-",
        "sk-aaaa",
        "sk-a*",
        "http://",
        "gateway.example",
        "gateway.example/",
        "/a.",
        "1.",
        "401",
    ),
    *(
        "secret-key",
        "secret-key-0123",
        '\\"',
        '"\\',
        "\ue200",
        "\ue200cite",
        "\ue202turn1a1",
        "\ue201",
    ),
    *(
        "\ue200a\ue202",
        "\ud800",
        "\n```",
        "\n   ~~~",
        "</think>",
        "x</think> ",
        "<think>",
        "\u2028",
        "．",
    ),
]
SIZES = [2**power for power in range(10, 17)]  # to 65,536 characters
# Many times what the slowest of them takes for the largest. A quadratic one takes more: the
# cheapest of them, `model.*not found` on "model model …", takes 0.4 s.
MOST = 0.25


def expressions():
    """Every compiled expression of the package, those of an object made with it included."""
    found = {}
    for module in pkgutil.iter_modules(conversations.upstream.__path__):
        space = vars(importlib.import_module(f"conversations.upstream.{module.name}"))
        found |= {
            f"{module.name}.{name}": value
            for name, value in space.items()
            if isinstance(value, re.Pattern)
        }
    for length in ("short", "secret-key-0123"):
        redactor = Redactor(length, "gateway.example")
        found[f"a {length} key"] = redactor._keys
        found[f"the host beside {length}"] = redactor._host
    return found


EXPRESSIONS = expressions()


def seconds(function, *arguments):
    """Processor time of a call."""
    began = time.process_time()
    function(*arguments)
    return time.process_time() - began


def all_matches(expression, text):
    for _ in expression.finditer(text):
        pass
    expression.fullmatch(text)


def grows(function, make):
    """The size of the first input that takes more than MOST, each twice as long as the last."""
    return next((size for size in SIZES if seconds(function, make(size)) > MOST), None)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_expression_takes_long_on_its_worst_inputs(name):
    expression = EXPRESSIONS[name]
    assert len(EXPRESSIONS) > 15
    binary = isinstance(expression.pattern, bytes)
    slow = {}
    for atom in ATOMS:
        for start, end in (("", ""), ("\ue200model ", "\n\ue201")):

            def make(size, atom=atom, start=start, end=end):
                text = start + atom * (size // len(atom)) + end
                return text.encode("utf-8", "surrogatepass") if binary else text

            if size := grows(lambda text: all_matches(expression, text), make):
                slow[start + atom + end] = size
    assert slow == {}


@pytest.mark.parametrize(
    "atom", ["model ", "sk-", "{", '{"error":', "gateway.example/", "[[", "no such "]
)
def test_an_error_of_any_length_is_classified_at_once(atom):
    def classify(text):
        found = error_in({"error": {"message": text}}) or GatewayError()
        for status in (None, 400, 404, 500):
            code_for(found, status)
        Redactor("secret-key-0123", "gateway.example").sentence(found.message)

    assert grows(classify, lambda size: atom * (8 * size // len(atom))) is None


def test_a_huge_error_event_ends_the_reply_at_once():
    error = {"code": "x", "message": "model " * 200_000}
    body = stream(created(), completed(kind="failed", error=error, usage=None))
    assert seconds(decoded, body) < 2 * MOST
    assert decoded(body).end.message.startswith("model model")
    assert len(decoded(body).end.message) == 300


@pytest.mark.parametrize(
    "text",
    [
        "[[],[" + "],[" * 2_000_000,
        '{"a":1},' * 1_000_000,
        "[" + "{}," * 3_000_000,
        "1," * 5_000_000,
    ],
)
def test_json_of_too_many_members_is_refused_before_it_is_parsed(text):
    body = f'{{"output": [{text}'.encode()
    assert seconds(_refused, body) < 4 * MOST
    assert decoded(b"data: " + body + b"\n\n").end.code in ("", "not_api")


def _refused(body):
    with pytest.raises(ValueError, match="too many members"):
        parse(body)


def test_a_long_answer_may_have_many_commas():
    text = 'He said: "[one, two], {three}".\n' * 60_000
    assert decoded(json.dumps({"output": [message(text)]}).encode()).text == text


@pytest.mark.parametrize("depth", [500, 5_000, 500_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_raises_nothing(depth, opening):
    body = f'data: {{"type": "response.output_text.delta", "delta": {opening * depth}'
    assert decoded(body + "\n\n").end.code == "not_api"


def test_a_text_that_is_told_again_and_again_costs_no_more_than_its_length():
    """A gateway that repeats the whole text, or a tag that could end thoughts, in every event."""
    long = "中文 </think> text " * 8_000
    done = {
        "type": "response.output_text.done",
        "item_id": "msg_1",
        "output_index": 0,
        "text": "中",
    }
    events = [created(), delta(long), *[done] * 5_000, *[delta("x </think> y ")] * 5_000]
    body = stream(*events).encode()
    cuts = range(0, len(body), 2_000)
    assert seconds(decoded, body, cuts) < 10 * MOST
