"""The item `image_generation_call`: a picture that the model had made."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import dict_in, file_in, line_in, passage_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class ImageGenerationLook(Look):
    """Look of a generated picture: `prompt` describes it, as the model wrote it; `error` says why
    there is none; `file` is the id (UUID as text) of its file, "" if this site does not have it."""

    prompt: str = ""
    error: str = ""
    file: str = ""


class ImageGenerationCall(Kind):
    """Kind for a picture that the model had generated. The picture itself (`result`, in base64) is
    never stored with the item."""

    type = "image_generation_call"

    def look(self, *items: Item, live: bool = False) -> ImageGenerationLook:
        [item] = items
        error = line_in(dict_in(item, "error"), "message") or line_in(item, "error")
        # That the picture is taken out needs no words of its own.
        state, left_out = state_of(item, live, but="pictures")
        return ImageGenerationLook(
            self.type,
            "failed" if error else state,
            left_out,
            prompt=passage_in(item, "revised_prompt"),
            error=error,
            file=file_in(item),
        )

    def came(self, item: Item) -> str:
        if self.look(item).state != "done":
            return _("A picture was to be made, and there is none.")
        return _("The reply is a picture that this site cannot show yet.")

    def exported(self, item: Item) -> str:
        prompt = line_in(item, "revised_prompt", 1_000)
        words = _("Made a picture: %(prompt)s") % {"prompt": prompt}
        return words if prompt else _("Made a picture.")
