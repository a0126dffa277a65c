"""Building of the request body for the gateway from stored messages: which of them fit the model's
context window (`fit`), and the JSON that is sent (`body`)."""

from .context_window import estimate_tokens, fit
from .input import FileParts, Turn, as_input, body, join_instructions, parameters

__all__ = [
    "FileParts",
    "Turn",
    "as_input",
    "body",
    "estimate_tokens",
    "fit",
    "join_instructions",
    "parameters",
]
