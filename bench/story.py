"""Sample conversations for the screenshots (`bench.screenshots`)."""

from datetime import timedelta

RETRY = """Cap retries **as a share of traffic**, not per row. A common budget is *10 % extra
load*: for every ten first attempts, one retry may be spent.

- Rows share one bucket, so a bad upstream drains it once instead of five times per row.
- When the bucket is empty, fail fast and park the row for a later run.

```python
class RetryBudget:
    def __init__(self, ratio=0.1, floor=10):
        self.ratio, self.tokens = ratio, floor  # a few to start with

    def may_retry(self):
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
```

| Failure rate | Five per row | 10 % budget |
|---|---|---|
| 1 % | 1.05 × | 1.01 × |
| 50 % | 2.9 × | 1.10 × |
| 100 % | 6.0 × | 1.10 × |
"""
TURNS = [
    (
        "Our import job retries each failed row five times and sometimes melts the upstream. "
        "What is a sane retry budget?",
        RETRY,
    ),
    (
        "And how do I test that it holds?",
        "Drive it with a scripted upstream that fails a known share of calls, then assert on the "
        "**ratio of attempts to rows**, never on wall-clock time.",
    ),
]
OTHERS = [
    "Onboarding mail, second draft",
    "合同条款的中英对照",
    "Why does the p95 jump at noon?",
    "SQL: last order per customer",
    "Release notes, house style",
    "Workshop agenda",
    "Explain CRDTs to a product manager",
]


def tell():
    """Create the person Alice with her conversations. Return `(Person, Conversation)`, the latter
    the one to show."""
    from django.utils import timezone

    from conversations.models import Conversation, Person
    from conversations.search import index

    person = Person.objects.create_user(
        "alice", "alice@example.org", "correct horse", first_name="Alice", last_name="Lindqvist"
    )
    now = timezone.now()
    for number, title in enumerate(OTHERS, 1):
        then = now - timedelta(hours=9 * number)
        Conversation.objects.create(owner=person, title=title, created_at=then, updated_at=then)
    conversation = Conversation.objects.create(
        owner=person, title="Retry budget for the import job", model="demo"
    )
    for question, reply in TURNS:
        _turn(conversation, question, reply)
    index.add_conversation(conversation.pk)
    return person, conversation


WIDE = "\n".join(
    "|".join(("", *row, ""))
    for row in (
        [f"Column {number}" for number in range(1, 15)],
        ["---"] * 14,
        *([f"{1_234_567 * number:,}" for number in range(1, 15)] for _row in range(5)),
    )
)
LONG = "Donaudampfschifffahrtsgesellschaft https://example.org/" + "long/" * 60


def tell_states(person):
    """Create conversations of `person` (a Person) in rare states, such as a failed reply or a
    queued message. Return them as `{name of the state: Conversation}`."""
    from datetime import timedelta

    from django.utils import timezone

    from conversations.models import Conversation, Message, QueuedMessage, Response

    def begin(title, reply, question="Compare them, please.", **ending):
        conversation = Conversation.objects.create(owner=person, title=title, model="demo")
        _turn(conversation, question, reply)
        Response.objects.filter(conversation=conversation).update(**ending)
        return conversation

    states = {
        "queued": begin("A queued message", "One moment"),
        "stopped": begin("A stopped reply", "Two things speak for it:", status="cancelled"),
        "failed": begin(
            "A reply that failed",
            "",
            status="failed",
            error_code="server",
            error_message="The model is overloaded.",
            http_status=500,
            request_id="req_5f0c",
        ),
        "wide": begin("A wide table", f"As a table:\n\n{WIDE}\n\n{LONG}", question=LONG),
        "versions": begin("Two versions", "The first try."),
    }
    versions = states["versions"]
    first = versions.active
    _turn(versions, "And then?", "That is all.")
    second = Message.objects.create(
        conversation=versions, parent=first.parent, role="assistant", text="Two", html="<p>Two</p>"
    )
    versions.active = second
    versions.save()
    queued = states["queued"]
    # In progress for a process that does not exist; the heartbeat, an hour ahead, keeps it alive.
    later = timezone.now() + timedelta(hours=1)
    writing = {"status": "in_progress", "partial": "One moment, I am", "heartbeat_at": later}
    Response.objects.filter(conversation=queued).update(**writing)
    Message.objects.filter(pk=queued.active_id).update(text="", html="")
    QueuedMessage.objects.create(
        conversation=queued, text="And as a list?", model="demo", submission=queued.pk
    )
    return states


def _turn(conversation, question, reply):
    """Store a message `question` and its completed reply `reply` (texts in Markdown) at the end of
    the Conversation."""
    from conversations.models import Message, Response
    from conversations.rendering import render, render_typed

    asked = Message.objects.create(
        conversation=conversation,
        parent=conversation.active,
        role="user",
        text=question,
        html=render_typed(question),
    )
    answered = Message.objects.create(
        conversation=conversation,
        parent=asked,
        role="assistant",
        text=reply,
        html=render(reply),
        reasoning="The question is about a budget, not a backoff: a token bucket on retries."
        if reply is RETRY
        else "",
    )
    Response.objects.create(
        conversation=conversation,
        message=answered,
        person_id=conversation.owner_id,
        username=conversation.owner.username,
        model="demo",
        status="completed",
        input_tokens=412,
        output_tokens=238,
        reasoning_seconds=6,
    )
    conversation.active = answered
    conversation.save()
