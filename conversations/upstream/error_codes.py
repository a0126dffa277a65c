"""Error codes of this package, and the classification of a gateway's errors into them."""

import re
from dataclasses import dataclass

# Every code a Failed event can have, and what it means. The sentence that a reader sees, in their
# language, is made from the code where it is shown.
CODES = {
    "bad_config": "the address or the key cannot be used as they stand",
    "connect": "no connection: refused, unknown host, unreachable",
    "tls": "no connection: the certificate was not accepted",
    "timeout_connect": "no connection within the time allowed",
    "timeout_silence": "nothing was received for too long",
    "timeout_total": "the whole call took too long",
    "lost": "the connection was lost after the request was sent",
    "unauthorized": "the key was not accepted",
    "quota": "the account has no credit left",
    "rate_limited": "too many requests",
    "context_length": "the conversation is longer than the model's context window",
    "too_large": "the request is larger than the gateway takes",
    "model_not_found": "the gateway does not have this model",
    "not_found": "the gateway does not offer this path",
    "unsupported": "the gateway or the model does not take a setting that was sent",
    "moderation": "the gateway's moderation blocked what was asked for, or what was made of it",
    "refused": "any other refusal of the request",
    "server": "the gateway or what is behind it has a fault or is overloaded",
    "model_failed": "the model could not finish, and nothing says why",
    "not_api": "what came is not an answer of such a gateway, a web page for example",
    "line_too_long": "a single line or body was too long to be an answer",
}

# Codes that say that no model was asked, whatever the HTTP status: such a call costs nothing.
REFUSALS = frozenset(
    {
        "unauthorized",
        "quota",
        "rate_limited",
        "context_length",
        "too_large",
        "model_not_found",
        "not_found",
        "unsupported",
        "moderation",
        "refused",
    }
)

# Codes with which the gateway itself says that nothing came of a call, be it in the middle of a
# stream that began with a 200; the other codes are of connections, which say nothing of the kind.
STATED = REFUSALS | {"server", "model_failed"}

# What gateways call these errors in `code` or `type`, in lower case.
QUOTA = {
    "insufficient_quota",
    "insufficient_user_quota",
    "pre_consume_token_quota_failed",
    "insufficient_balance",
    "billing_hard_limit_reached",
    "billing_not_active",
    "credit_balance_too_low",
}
# LiteLLM without a database answers 400 `no_db_connection` to a wrong key.
UNAUTHORIZED = {"invalid_api_key", "authentication_error", "auth_error", "no_db_connection"}
CONTEXT_LENGTH = {"context_length_exceeded", "exceed_context_size_error"}
RATE_LIMITED = {"rate_limit_exceeded", "rate_limit_error", "too_many_requests", "throttling_error"}
# new-api answers 500 `convert_request_failed` where a channel cannot do Responses.
NOT_OFFERED = {"api_not_implemented", "convert_request_failed"}
UNSUPPORTED = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}

# By which a picture that breaks a rule is refused, before or after it was made.
MODERATION = {"moderation_blocked", "content_policy_violation"}

# Parts of the names of errors that say what was wrong with the request.
REFUSING = ("invalid", "policy", "content_filter", "moderation", "safety")

# What is read of an error's message: the words that classify it stand at its beginning.
LONGEST_MESSAGE = 4_000

_context_words = re.compile(r"maximum context length|context window|context size|context_length")
_unsupported_words = re.compile(r"unsupported (?:parameter|value)|does not support|unknown param")
_model = re.compile(r"\bmodel\b")
_missing = re.compile(r"not found|not exist|not available|no such")
_status = re.compile(r"[45]\d\d")


@dataclass(frozen=True, slots=True)
class GatewayError:
    """Error object as the gateway sent it; its fields are "" where they are missing.

    `kind` is the field `type`. `message` is cut to LONGEST_MESSAGE characters, so that no regular
    expression meets more.
    """

    message: str = ""
    code: str = ""
    kind: str = ""

    def __post_init__(self) -> None:
        if len(self.message) > LONGEST_MESSAGE:
            object.__setattr__(self, "message", self.message[:LONGEST_MESSAGE])

    @property
    def names(self) -> set[str]:
        """Return the set of `code` and `kind` in lower case, without empty ones."""
        return {self.code.lower(), self.kind.lower()} - {""}


def code_for(error: GatewayError, http_status: int | None = None) -> str:
    """Return the code, a key of CODES, for `error`, a GatewayError.

    `http_status` is the status of the response, None for an error within the body of a success.
    If it is None or below 400, a number such as "429" as the error's code or type is used instead.
    """
    names = error.names
    message = error.message.lower()
    status = http_status
    if status is None or status < 400:
        status = next((int(each) for each in names if _status.fullmatch(each)), 0)
    # Within a 200 the words are all there is to go by.
    unclear = status in (0, 400)
    if status == 402 or names & QUOTA:
        return "quota"
    if status == 401 or names & UNAUTHORIZED:
        return "unauthorized"
    if names & CONTEXT_LENGTH or (unclear and _context_words.search(message)):
        return "context_length"
    if "model_not_found" in names or (
        (unclear or status == 404) and _says_that_a_model_is_missing(message)
    ):
        return "model_not_found"
    if status in (404, 405, 501) or names & NOT_OFFERED:
        return "not_found"
    if names & MODERATION and status < 500:
        return "moderation"
    if status == 429 or names & RATE_LIMITED:
        return "rate_limited"
    if status == 413:
        return "too_large"
    if names & UNSUPPORTED or (status in (400, 422) and _unsupported_words.search(message)):
        return "unsupported"
    if status >= 500:
        return "server"
    if status >= 400 or any(word in each for each in names for word in REFUSING):
        return "refused"
    return "server"


def _says_that_a_model_is_missing(message: str) -> bool:
    # Not one expression with `.*` between the two: on "model model …" it takes quadratic time.
    model = _model.search(message)
    return model is not None and _missing.search(message, model.end()) is not None
