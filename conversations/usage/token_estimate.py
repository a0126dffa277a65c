"""Token estimates: for Responses whose usage the gateway did not report, and for reservations."""

from datetime import timedelta

from django.db.models import Sum

from conversations.models import UsageRollup
from conversations.usage import calendar

# Used without a measurement; tokenizers of today's models come to 3–5 bytes of UTF-8 a token.
BYTES_PER_TOKEN = 4
# A measurement counts from so many tokens on, and only where it can be one of text: a short
# prompt under a gateway's own long instructions says nothing about characters.
ENOUGH_TOKENS = 200
PLAUSIBLE = (0.5, 10)  # characters per token


class RoughGauge:
    """Token estimator that needs no database: four bytes of UTF-8 count as one token."""

    _input = _output = None

    def input_tokens(self, *texts):
        """Return the estimated number of tokens (int) of all `texts` sent to a model together."""
        return _estimate(texts, self._input)

    def output_tokens(self, *texts):
        """Return the estimated number of tokens (int) of all `texts` received from a model
        together."""
        return _estimate(texts, self._output)


class Gauge(RoughGauge):
    """Token estimator for the language model named `model`: divides a number of characters by the
    characters per token measured for its Responses with reported usage in this month and the last.
    Without such a measurement four bytes of UTF-8 count as one token."""

    def __init__(self, model):
        this_month = calendar.first_day(calendar.MONTH, calendar.today())
        last_month = calendar.first_day(calendar.MONTH, this_month - timedelta(days=1))
        sums = UsageRollup.objects.filter(
            grain=UsageRollup.Grain.MODEL_MONTH, day__in=[last_month, this_month], model=model
        ).aggregate(
            read=Sum("input_characters"),
            read_tokens=Sum("input_tokens"),
            written=Sum("output_characters"),
            written_tokens=Sum("output_tokens") - Sum("reasoning_tokens"),
        )
        self._input = _ratio(sums["read"], sums["read_tokens"])
        self._output = _ratio(sums["written"], sums["written_tokens"])

    def input_tokens_of(self, characters, *, otherwise):
        """Return the estimated number of tokens of a request with `characters` characters (int); if
        the model has no measurement, return `otherwise`."""
        return int(characters / self._input + 0.5) if self._input else otherwise


def _ratio(characters, tokens):
    """Return characters per token, or None if there are fewer than ENOUGH_TOKENS tokens or the
    result is not within PLAUSIBLE."""
    if not characters or not tokens or tokens < ENOUGH_TOKENS:
        return None
    ratio = characters / tokens
    return ratio if PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1] else None


def _estimate(texts, characters_per_token):
    """Return the estimated number of tokens of `texts` together; with `characters_per_token` None,
    BYTES_PER_TOKEN bytes of UTF-8 count as one token."""
    if characters_per_token:
        return int(sum(map(len, texts)) / characters_per_token + 0.5)
    return -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN)


ROUGH = RoughGauge()
