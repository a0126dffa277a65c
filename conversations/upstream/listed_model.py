"""A model as the gateway's list describes it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of `GET /models`: its `name`, and whether it takes `images` and `files` as input.

    None is not known. OpenRouter says it in `architecture.input_modalities`, others in
    `input_modalities` or `capabilities`; OpenAI does not.
    """

    name: str
    images: bool | None = None
    files: bool | None = None

    @classmethod
    def read(cls, name: str, entry: Mapping[str, object]) -> "ListedModel":
        """Return the ListedModel called `name` from its `entry` in the list, parsed JSON."""
        said = _modalities(entry.get("architecture")) or _modalities(entry)
        if said is None:
            return cls(name)
        return cls(name, "image" in said, "file" in said or "pdf" in said)


def _modalities(entry: object) -> set[str] | None:
    """Return the set of `input_modalities` of `entry`, in lower case; None if it names none."""
    found = entry.get("input_modalities") if isinstance(entry, Mapping) else None
    if not isinstance(found, list):
        return None
    return {each.lower() for each in found if isinstance(each, str)} or None
