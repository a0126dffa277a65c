"""The gateway's own words, made fit to be stored and shown."""

import re

LONGEST_SENTENCE = 300
LONGEST_NAME = 200

# The rest of an address, without the punctuation of the sentence it stands in.
_PATH = r"""(?:/(?:[^\s"'<>]*[^\s"'<>.,;:!?)\]])?)?"""

_surrogates = re.compile("[\ud800-\udfff]")
_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
# OpenAI quotes the refused key half masked: "Incorrect API key provided: sk-ab**********yz".
_key_shaped = re.compile(r"\bsk-[\w*.\-]{6,}")


def healed(text: str) -> str:
    """Join surrogates cut apart by an escape per delta, make strays U+FFFD, take out NUL."""
    if not text.isascii() and _surrogates.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "") if "\0" in text else text


def name(value: object, longest: int = LONGEST_NAME) -> str:
    """Give an id, code or model name as one line of plain text; "" where it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        value = str(value)
    if not isinstance(value, str):
        return ""
    return _control.sub(" ", healed(value[: 4 * longest])).strip()[:longest]


class Words:
    """Cleans sentences of the gateway: one line, at most 300 characters, without our secrets."""

    def __init__(self, api_key: str = "", host: str = "") -> None:
        """`host` is the gateway's host name, without port."""
        secrets = []
        if api_key:
            # A very short key, as local servers have, may be a syllable of any word.
            key = re.escape(api_key)
            secrets.append(key if len(api_key) >= 8 else rf"(?<!\w){key}(?!\w)")
        self._keys = re.compile("|".join(secrets)) if secrets else None
        self._host = (
            re.compile(
                rf"(?:https?://)?(?<![\w.\-]){re.escape(host)}(?![\w\-]|\.\w)(?::\d+)?{_PATH}",
                re.IGNORECASE,
            )
            if host
            else None
        )

    def sentence(self, text: object) -> str:
        """Give `text` as it may be shown; "" where it is no text."""
        if not isinstance(text, str):
            return ""
        clean = _control.sub(" ", healed(text[:20_000])).strip()
        if self._keys:
            clean = self._keys.sub("[key]", clean)
        clean = _key_shaped.sub("[key]", clean)
        if self._host:
            clean = self._host.sub("[gateway]", clean)
        return clean if len(clean) <= LONGEST_SENTENCE else clean[: LONGEST_SENTENCE - 1] + "…"
