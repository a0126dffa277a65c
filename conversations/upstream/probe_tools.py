"""Probe of the gateway's own tools: asks for the use of each, and reports whether it was used.

Most gateways answer 200 and drop a tool that they do not know, so only what comes back counts: an
item of the tool, a count in `tool_usage`, or citations.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from .client import Upstream
from .events import Failed, Finished
from .probe import NO_CONNECTION, Row
from .probe_answer import Answer, ask

# Tokens of an answer: a model that reasons needs some before it uses a tool.
MAXIMUM_WITH_TOOL = 4_000
# Prefix of the name of a Row about a tool, before the tool's name.
PREFIX = "tool:"
# Questions that a model can answer only by using the tool: {kind of tool: question}.
QUESTIONS = {
    "web_search": "Search the web for today's weather in Reykjavik, and name your source.",
    "code_interpreter": "Run code that prints the SHA-256 of the word marigold, and tell it.",
    "file_search": "Search the files for the word introduction, and name a file you found.",
    "image_generation": "Make a picture of a red circle.",
    "mcp": "Which of the connector's tools can you use? Call one of them.",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """Tool to try: `name` is that of its Row, `tool` the JSON that is sent, `kind` a key of
    QUESTIONS or any other kind, `include` the values of the request's `include` for it, `secrets`
    the secret texts in `tool`, which nothing may repeat."""

    name: str
    kind: str
    tool: dict
    include: Sequence[str] = ()
    secrets: Sequence[str] = ()


async def probe_tools(
    upstream: Upstream, model: str, trials: Sequence[Trial], max_tool_calls: int = 0
) -> AsyncIterator[Row]:
    """Ask `model` one question for each of `trials` and yield a Row about it.

    Its `ok` is True if the tool was used; `value` says what shows that. Otherwise its code is
    "tool_dropped" (an answer without it), "tool_failed" (it was tried and failed),
    "include_refused" (it is accepted without its `include`), or that of the refusal.
    `max_tool_calls` is sent if it is not 0. A gateway that cannot be reached, or refuses the key,
    makes an essential Row and ends the probe.
    """
    limits = {"max_tool_calls": max_tool_calls} if max_tool_calls else {}
    for trial in trials:
        row = await _try(upstream, model, trial, limits)
        yield row
        if row.essential:
            return


async def _try(upstream: Upstream, model: str, trial: Trial, limits: dict[str, int]) -> Row:
    """Ask `model` a question that needs the tool of `trial`, and return the Row about it; `limits`
    are further fields of the request, such as the most calls."""
    question = QUESTIONS.get(trial.kind, f"Use your tool {trial.kind}, and say what it gave.")
    turns = [{"type": "message", "role": "user", "content": question}]

    async def answer_with(**more: object) -> Answer:
        fields = {"tools": [trial.tool], **limits, **more}
        return await ask(upstream, model, turns, MAXIMUM_WITH_TOOL, secrets=trial.secrets, **fields)

    include = {"include": list(trial.include)} if trial.include else {}
    answer = await answer_with(**include)
    name = PREFIX + trial.name
    if isinstance(answer.end, Failed) and include and answer.end.code in ("refused", "unsupported"):
        again = await answer_with()
        if isinstance(again.end, Finished):
            return Row(name, False, "include_refused", message=answer.message, essential=False)
    if isinstance(answer.end, Failed):
        code = answer.end.code
        lost = code in NO_CONNECTION or code == "unauthorized"
        return Row(name, False, code, message=answer.message, essential=lost)
    done, failed = _calls(answer, trial.kind)
    if what := done or _reported(answer, trial.kind):
        return Row(name, True, value=what, essential=False)
    if failed:
        return Row(name, False, "tool_failed", failed, answer.message, essential=False)
    if answer.code and answer.code != "no_text":
        return Row(name, False, answer.code, message=answer.message, essential=False)
    return Row(name, False, "tool_dropped", essential=False)


def _calls(answer: Answer, kind: str) -> tuple[str, str]:
    """Return (succeeded, failed), two texts about the calls of the tool `kind` in `answer`: the
    types of the items with their counts, as "web_search_call × 2"; "" for none."""
    done: dict[str, int] = {}
    failed: dict[str, int] = {}
    for item in answer.items:
        name = item.get("type")
        if not isinstance(name, str) or not name.rpartition(":")[2].startswith(kind):
            continue
        is_failed = item.get("status") == "failed" or bool(item.get("error"))
        counts = failed if is_failed else done
        counts[name] = counts.get(name, 0) + 1
    return _counted(done), _counted(failed)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} × {number}" for name, number in counts.items())


def _reported(answer: Answer, kind: str) -> str:
    """Return what in `answer`, besides items, shows that the tool `kind` was used, as text: a count
    ("tool_usage: web_search 2") or, for a search, citations ("url_citation × 3"); "" if nothing
    does."""
    usage = answer.end.billing.tool_usage if isinstance(answer.end, Finished) else None
    names = (kind, "image_gen") if kind == "image_generation" else (kind,)
    for name, value in (usage or {}).items():
        inner = value if isinstance(value, dict) else {name: value}
        for key, number in inner.items():
            if (name in names or key.startswith(kind)) and _is_count(number):
                return f"tool_usage: {key} {number}"
    if kind in ("web_search", "file_search") and answer.citations:
        return f"url_citation × {answer.citations}"
    return ""


def _is_count(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and number > 0
