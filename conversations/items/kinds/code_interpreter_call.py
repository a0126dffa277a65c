"""The item `code_interpreter_call`: code that the model had run, and what it printed."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fenced import fenced
from ..fields import dicts_in, file_in, line_in, passage, passage_in, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class CodeInterpreterLook(Look):
    """Look of a run of code: `code` is its source, `logs` what it printed, `pictures` the number of
    pictures that it made and that this site does not have; `lost` is the code that says why the
    last of these is missing, "" if nothing says it. `is_running` is False while the code is still
    being written."""

    code: str = ""
    logs: str = ""
    pictures: int = 0
    lost: str = ""
    is_running: bool = True


class CodeInterpreterCall(Kind):
    """Kind for a run of code by the gateway. Code and output are shown folded: they are for those
    who want to check an answer."""

    type = "code_interpreter_call"
    aliases = ("openrouter:code_interpreter",)

    def look(self, *items: Item, live: bool = False) -> CodeInterpreterLook:
        [item] = items
        pictures = [each for each in dicts_in(item, "outputs") if each.get("type") == "image"]
        missing = [each for each in pictures if not file_in(each)]
        return CodeInterpreterLook(
            self.type,
            *state_of(item, live, but="pictures"),
            code=passage_in(item, "code"),
            logs=passage(_logs(item)),
            pictures=len(missing),
            lost=line_in(missing[-1], "lost", 40) if missing else "",
            is_running=item.get("status") != "in_progress",
        )

    def files(self, item: Item) -> list[Item]:
        return [each for each in dicts_in(item, "outputs") if file_in(each)]

    def came(self, item: Item) -> str:
        return _("The model ran code and wrote nothing.")

    def searched(self, item: Item) -> str:
        return "\n".join([text_in(item, "code"), _logs(item)])

    def exported(self, item: Item) -> str:
        code, logs = text_in(item, "code"), _logs(item)
        parts = [_("Ran code:"), fenced(code, "python")] if code else []
        parts += [_("It printed:"), fenced(logs)] if logs else []
        return "\n\n".join(parts)


def _logs(item: Item) -> str:
    """Return as one text what the code of `item` printed: all its outputs of type `logs`, and what
    OpenRouter has as `stdout` and `stderr`."""
    logs = [text_in(each, "logs") for each in dicts_in(item, "outputs")]
    logs += [text_in(item, "stdout"), text_in(item, "stderr")]
    return "\n".join(each.rstrip("\n") for each in logs if each)
