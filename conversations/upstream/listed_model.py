"""Data class for a language model as the gateway's list of models describes it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedModel:
    """Entry of the gateway's list of models (`GET /models`): the `name` of a language model, and
    whether it takes `images` and `files` as input (None: the gateway does not say, as OpenAI does
    not).

    OpenRouter says it in `architecture.input_modalities`, others in `input_modalities`.
    """

    name: str
    images: bool | None = None
    files: bool | None = None

    @classmethod
    def read(cls, name: str, entry: Mapping[str, object]) -> "ListedModel":
        """Return the ListedModel called `name`; `entry` is its entry in the gateway's list, as
        parsed JSON."""
        said = _modalities(entry.get("architecture")) or _modalities(entry)
        if said is None:
            return cls(name)
        return cls(name, "image" in said, "file" in said or "pdf" in said)


def _modalities(entry: object) -> set[str] | None:
    """Return the set of the kinds of input, such as "image", in the list `input_modalities` of the
    JSON object `entry`, in lower case; None if `entry` is no object or has no such list."""
    found = entry.get("input_modalities") if isinstance(entry, Mapping) else None
    if not isinstance(found, list):
        return None
    return {each.lower() for each in found if isinstance(each, str)} or None
