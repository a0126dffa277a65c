"""Cleaning of text from a gateway before it is stored or shown: repaired, one line, no secrets."""

import re
from collections.abc import Sequence
from typing import Any

LONGEST_SENTENCE = 300
LONGEST_NAME = 200
# What is read of a sentence before it is cut to LONGEST_SENTENCE: enough to find a key or an
# address that the cut would leave half of, and little enough for any regular expression below.
LONGEST_RAW_SENTENCE = 4_000

# Levels of an item that are kept.
DEEPEST = 40

# The rest of an address, without the punctuation of the sentence it stands in.
_PATH = r"""(?:/(?:[^\s"'<>]*[^\s"'<>.,;:!?)\]])?)?"""

_surrogates = re.compile("[\ud800-\udfff]")
_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
# OpenAI quotes the refused key half masked: "Incorrect API key provided: sk-ab**********yz".
_key_shaped = re.compile(r"\bsk-[\w*.\-]{6,}")


def repair(text: str) -> str:
    """Return `text` without NUL, with surrogate pairs joined and lone surrogates as U+FFFD.

    Used before text is stored: PostgreSQL accepts neither NUL nor lone surrogates, which come from
    gateways that cut a character outside the BMP between two deltas.
    """
    if not text.isascii() and _surrogates.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "") if "\0" in text else text


def one_line(value: object, longest: int = LONGEST_NAME) -> str:
    """Return `value`, an id, code or model name from JSON, as one line of text.

    It is cut to `longest` characters. An integer below 10**9 becomes its digits; anything else that
    is no string becomes "".
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        value = str(value)
    if not isinstance(value, str):
        return ""
    return _control.sub(" ", repair(value[: 4 * longest])).strip()[:longest]


class Redactor:
    """Filter that removes secrets and the gateway's address from text that is stored or shown."""

    def __init__(self, secrets: str | Sequence[str] = (), host: str = "") -> None:
        """`secrets` is the API key or a list of secret strings (see `configured_secrets`).

        `host` is the gateway's host name without port. Empty ones remove nothing.
        """
        if isinstance(secrets, str):
            secrets = [secrets] if secrets else []
        self._secrets = list(secrets)
        self._host_name = host
        # A very short key, as local servers have, may be a syllable of any word.
        patterns = [
            re.escape(each) if len(each) >= 8 else rf"(?<!\w){re.escape(each)}(?!\w)"
            for each in secrets
        ]
        self._keys = re.compile("|".join(patterns)) if patterns else None
        self._host = (
            re.compile(
                rf"(?:https?://)?(?<![\w.\-]){re.escape(host)}(?![\w\-]|\.\w)(?::\d+)?{_PATH}",
                re.IGNORECASE,
            )
            if host
            else None
        )

    def extended(self, secrets: Sequence[str]) -> "Redactor":
        """Return a Redactor that removes `secrets` too; this one if there are none."""
        if not secrets:
            return self
        every = {*self._secrets, *secrets} - {""}
        return Redactor(sorted(every, key=len, reverse=True), self._host_name)

    def holds_secret(self, text: str) -> bool:
        """Return True if `text` contains one of the secrets."""
        return bool(self._keys and self._keys.search(text))

    def name(self, value: object, longest: int = LONGEST_NAME) -> str:
        """Return `value`, an id, code or model name from JSON, as one line of text with secrets as
        `[key]`, cut to `longest` characters; "" for a value that is neither text nor a small
        integer."""
        clean = one_line(value, 2 * longest)
        if self._keys:
            clean = self._keys.sub("[key]", clean)
        return clean[:longest]

    def item(self, item: dict) -> dict:
        """Return `item`, the JSON of an item, with secrets as `[key]` in all its strings and names,
        except in members called `text`: they repeat the deltas, which are not redacted either."""
        return _replaced(item, self._keys, 0) if self._keys else item

    def sentence(self, text: object) -> str:
        """Return `text` as one line of at most 300 characters that may be shown to anybody.

        Keys become `[key]`, the gateway's address becomes `[gateway]`; "" if `text` is no string.
        """
        if not isinstance(text, str):
            return ""
        clean = _control.sub(" ", repair(text[:LONGEST_RAW_SENTENCE])).strip()
        if self._keys:
            clean = self._keys.sub("[key]", clean)
        clean = _key_shaped.sub("[key]", clean)
        if self._host:
            clean = self._host.sub("[gateway]", clean)
        return clean if len(clean) <= LONGEST_SENTENCE else clean[: LONGEST_SENTENCE - 1] + "…"


def _replaced(value: Any, keys: re.Pattern[str], depth: int) -> Any:
    """Return a copy of `value` (from JSON) with `[key]` in place of each match of the pattern
    `keys` in its strings, except in members called `text`; None for what is deeper than DEEPEST
    levels. `depth` is the level of `value`."""
    if isinstance(value, str):
        return keys.sub("[key]", value)
    if depth > DEEPEST:
        return None
    if isinstance(value, list):
        return [_replaced(each, keys, depth + 1) for each in value]
    if isinstance(value, dict):
        return {
            keys.sub("[key]", name): each if name == "text" else _replaced(each, keys, depth + 1)
            for name, each in value.items()
        }
    return value
