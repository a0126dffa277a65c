"""Responses for tests of the usage ledger: submitted and ended through the site's own functions,
without a gateway."""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from conversations.models import LanguageModel, Response
from conversations.replies import response_states
from conversations.replies.submission import Submission, store
from conversations.usage.consistency_check import check, check_charges

Source = Response.UsageSource
Status = Response.Status
REPORTED = {
    "status": Status.COMPLETED,
    "usage_source": Source.REPORTED,
    "input_tokens": 1_000,
    "cached_tokens": 400,
    "output_tokens": 100,
    "reasoning_tokens": 20,
    "total_tokens": 1_100,
}
STOPPED = {"status": Status.CANCELLED, "usage_source": Source.ESTIMATED}
REFUSED = {"status": Status.FAILED, "error_code": "connect", "usage_source": Source.NONE}


def a_model(name="gpt-4o", **fields):
    """Return the LanguageModel called `name`, created with `fields` if there is none."""
    return LanguageModel.objects.get_or_create(name=name, defaults=fields)[0]


def submit(person, text="Hello", model="gpt-4o", **wanted):
    """Store a submission of `text` by `person` to `model` (a LanguageModel or its name); return
    what `replies.submission.store` returns, a Submitted. `wanted` are further fields of the
    Submission.
    """
    model = a_model(model) if isinstance(model, str) else model
    wanted = {"id": uuid.uuid4(), **wanted}
    return store(Submission(person=person, model=model, text=text, **wanted))


def ask(person, text="Hello", model="gpt-4o", **wanted):
    """Store a submission of `text` by `person` to `model` (a LanguageModel or its name); return its
    queued Response. `wanted` are fields of the Submission."""
    return submit(person, text, model, **wanted).response


def end(response, ending, text="An answer.", reasoning="", items=None):
    """Claim the queued `response` and end it with the columns in the dict `ending` (status, usage,
    error) and the reply's `text`, `reasoning` and `items` (JSON); return the Response as it is
    stored then."""
    lease = uuid.uuid4()
    response_states.claim(response.pk, lease)
    Response.objects.filter(pk=response.pk).update(first_token_at=timezone.now())
    texts = (text, f"<p>{text}</p>", reasoning)
    assert response_states.finish(response, lease, dict(ending), *texts, items=items)
    response.refresh_from_db()
    return response


def call(person, ending=REPORTED, **asked):
    """Store a submission by `person` and end its Response; return that. `ending` is a dict of the
    columns that the end sets (status, usage, error); `asked` are `answer` (the reply's text),
    `items` (its output items) and further arguments of `ask`."""
    text, items = asked.pop("answer", "An answer."), asked.pop("items", None)
    return end(ask(person, **asked), ending, text, items=items)


def past_call(person, at, ending=REPORTED, model="gpt-4o", purpose=Response.Purpose.REPLY):
    """Store a Response of `person` for `model` (a name) that was made and ended at the datetime
    `at`, with the columns in the dict `ending` (status, usage, error); return the Response."""
    response = Response.objects.create(
        person_id=person.pk,
        username=person.username,
        model=model,
        purpose=purpose,
        created_at=at,
        started_at=at,
        status=Status.IN_PROGRESS,
        reserved_input_tokens=7,
    )
    with transaction.atomic():
        assert response_states.end(
            Response.objects.filter(pk=response.pk), {**ending, "finished_at": at}, "An answer."
        )
    response.refresh_from_db()
    return response


def dead_replies(person, count, text="Some *text*. " * 1000):
    """Store and return `count` Responses of `person` that are in progress with the partial `text`,
    but whose last heartbeat was a minute ago, as if their process had died."""
    ago = timezone.now() - timedelta(minutes=1)
    fields = {"status": Status.IN_PROGRESS, "created_at": ago, "heartbeat_at": ago}
    return Response.objects.bulk_create(
        Response(person_id=person.pk, lease=uuid.uuid4(), partial=text, **fields)
        for _ in range(count)
    )


def balanced():
    """Return True if the sums of usage and the charges agree with the Responses; else raise
    AssertionError that lists the differences."""
    differences = [str(difference) for difference in (*check(), *check_charges())]
    assert differences == []
    return True
