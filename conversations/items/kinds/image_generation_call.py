"""The item `image_generation_call`: a picture that the model had made."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import dict_in, file_in, line_in, passage_in, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class ImageGenerationLook(Look):
    """Look of a generated picture: `prompt` is the model's description of it, `described` the same
    in one line; `error` is the gateway's message about a failure, "" for none; `is_blocked` is True
    if a moderation refused the picture.
    `file` is the id (UUID as text) of its file, "" if this site does not have it; `lost` the code
    that says why not, "" if nothing says it."""

    prompt: str = ""
    described: str = ""
    error: str = ""
    is_blocked: bool = False
    file: str = ""
    lost: str = ""


class ImageGenerationCall(Kind):
    """Kind for a picture that the model had generated. The picture itself (`result`, in base64) is
    never stored with the item."""

    type = "image_generation_call"
    aliases = ("openrouter:image_generation",)

    def look(self, *items: Item, live: bool = False) -> ImageGenerationLook:
        [item] = items
        details = dict_in(item, "error")
        error = line_in(details, "message") or line_in(item, "error")
        # That the picture is taken out needs no words of its own.
        state, left_out = state_of(item, live, but="pictures")
        file, lost = file_in(item), line_in(item, "lost", 40)
        if details or error:
            state = "failed"
        elif live and not (file or lost):
            # It has come, and is being stored.
            state = "live"
        return ImageGenerationLook(
            self.type,
            state,
            left_out,
            prompt=passage_in(item, _prompt_of(item)),
            described=line_in(item, _prompt_of(item), 500),
            error=error,
            is_blocked=_is_blocked(details),
            file=file,
            lost=lost,
        )

    def files(self, item: Item) -> list[Item]:
        return [item] if file_in(item) else []

    def came(self, item: Item) -> str:
        look = self.look(item)
        if look.file:
            return ""
        if look.is_blocked:
            return _("A picture was to be made, and the gateway's moderation refused it.")
        if look.state != "done":
            return _("A picture was to be made, and there is none.")
        return _("The reply is a picture that this site does not have.")

    def searched(self, item: Item) -> str:
        return text_in(item, _prompt_of(item))

    def exported(self, item: Item) -> str:
        prompt = line_in(item, _prompt_of(item), 1_000)
        words = _("Made a picture: %(prompt)s") % {"prompt": prompt}
        return words if prompt else _("Made a picture.")


def _prompt_of(item: Item) -> str:
    """Return the name of the member of `item` that has the model's description of the picture:
    OpenRouter spells it differently."""
    return "revisedPrompt" if "revisedPrompt" in item else "revised_prompt"


def _is_blocked(error: Item) -> bool:
    """Return True if `error`, the JSON object `error` of an item ({} for none), says that a
    moderation refused the picture, before or after it was made."""
    codes = (line_in(error, "code", 60), line_in(error, "type", 60))
    return bool(dict_in(error, "moderation_details")) or any("moderation" in each for each in codes)
