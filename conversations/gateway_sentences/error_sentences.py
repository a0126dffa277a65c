"""Sentences about errors of the gateway and of replies, in the active language.

The database keeps only error codes and the gateway's own words; the sentence is made when it is
shown.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# Of these codes the words are the system's ("Connection refused"), not the gateway's.
_UNHEARD = {
    *("bad_config", "connect", "tls", "timeout_connect", "timeout_silence", "timeout_total"),
    *("lost", "line_too_long"),
}
# What stands in place of a body that is not shown: "status 502, text/html".
_SUMMARY = re.compile(r"status \d{3}, ")


def error_sentence(code, http_status=None):
    """Return the sentence for a user whose reply failed: what happened and what to do next.

    `code` is the error code of the Response ("" returns ""). For an unknown code the sentence is
    that of a fault of the gateway if `http_status` is 500 or more, else that of a refused request.
    """
    if not code:
        return ""
    if ours := _ours().get(code):
        return ours
    known = _of_gateway()
    if code not in known:
        code = "server" if http_status and http_status >= 500 else "refused"
    return known[code].reader


def operator_sentence(code):
    """Return the sentence for the site's operator about an error of the gateway.

    It is in the active language. `code` is a code of upstream/error_codes.py; any other returns
    None.
    """
    found = _of_gateway().get(code)
    return found and found.operator


def is_quote(code, words):
    """Return True if `words`, the message stored with the error `code`, are the gateway's own.

    False for words of the operating system, for a summary such as "status 502, text/html", and for
    "".
    """
    return bool(words) and code not in _UNHEARD and not _SUMMARY.match(words)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Two sentences about one error: one for the user (`reader`), one for the site's `operator`."""

    reader: str
    operator: str


def _of_gateway():
    """Return `{code: Sentences}` for codes of upstream/error_codes.py, in the active language."""
    return {
        "bad_config": Sentences(
            _("The gateway is not set up correctly. Tell your administrator."),
            _("The address or the key cannot be used as it stands. Check both."),
        ),
        "connect": Sentences(
            _(
                "The gateway could not be reached. Try again; if it stays so, tell your "
                "administrator."
            ),
            _(
                "No connection. Is OPENAI_BASE_URL right, the gateway running, and no firewall "
                "between?"
            ),
        ),
        "tls": Sentences(
            _(
                "The gateway's certificate is not trusted, so nothing was sent. "
                "Tell your administrator."
            ),
            _("The certificate is not trusted, so nothing was sent. Is the host name right?"),
        ),
        "timeout_connect": Sentences(
            _("The gateway did not accept the connection in time. Try again."),
            _("No connection in time (UPSTREAM_CONNECT_TIMEOUT)."),
        ),
        "timeout_silence": Sentences(
            _("The gateway sent nothing for too long. Try again."),
            _("Nothing was sent for too long (UPSTREAM_READ_TIMEOUT)."),
        ),
        "timeout_total": Sentences(
            _("The gateway took longer than this site waits. Try again."),
            _("There was no answer within two minutes."),
        ),
        "lost": Sentences(
            _(
                "The connection to the gateway was lost. The call may have been charged, so it was "
                "not repeated by itself. Press Retry to ask again."
            ),
            _("The connection was lost before there was an answer."),
        ),
        "unauthorized": Sentences(
            _("The gateway did not accept this site's key. Tell your administrator."),
            _("The key was not accepted. Check OPENAI_API_KEY."),
        ),
        "quota": Sentences(
            _("The gateway's credit or quota is used up. Tell your administrator."),
            _("The credit or quota of the key is used up."),
        ),
        "rate_limited": Sentences(
            _("The gateway is receiving too many requests. Wait a moment and retry."),
            _("Too many requests. Probe again in a minute."),
        ),
        "context_length": Sentences(
            _(
                "The conversation is longer than this model can read. Start a new one, or choose a "
                "model with a larger context window."
            ),
            _("A few words are already too long for this model's context window."),
        ),
        "too_large": Sentences(
            _("The gateway refused the conversation as too large. Start a new one."),
            _("A few words are already more than the gateway takes in a request."),
        ),
        "model_not_found": Sentences(
            _(
                "The gateway does not have this model. Choose another one or tell your "
                "administrator."
            ),
            _("The gateway does not have this model. Check OPENAI_MODEL."),
        ),
        "not_found": Sentences(
            _("The gateway does not offer /v1/responses at its address. Tell your administrator."),
            _(
                "There is nothing at this path. Does OPENAI_BASE_URL end in /v1, and does the "
                "gateway "
                "offer this?"
            ),
        ),
        "unsupported": Sentences(
            _(
                "The gateway does not take one of the settings that were sent. Choose another "
                "reasoning effort or model, or tell your administrator."
            ),
            _("The gateway or the model does not take this setting."),
        ),
        "moderation": Sentences(
            _(
                "The gateway's moderation refused what was asked for. Put it in other words, and "
                "try again."
            ),
            _("The gateway's moderation refused a few plain words."),
        ),
        "refused": Sentences(
            _("The gateway refused the request. What it said may tell you what to change."),
            _("The gateway refused the request."),
        ),
        "model_failed": Sentences(
            _("The model could not finish the reply. Try again."),
            _("The model could not finish, and nothing says why."),
        ),
        "server": Sentences(
            _("The gateway had an error of its own. Try again in a moment."),
            _("The gateway, or the server behind it, has a fault."),
        ),
        "not_api": Sentences(
            _(
                "What answered is not the API of a gateway. Tell your administrator to check the "
                "gateway's address."
            ),
            _("What answers is no API, perhaps a web page. Check OPENAI_BASE_URL."),
        ),
        "line_too_long": Sentences(
            _("The gateway sent more at once than a reply can be. Try again."),
            _("More came at once than an answer can be."),
        ),
    }


def _ours():
    """Return `{code: sentence}` for failures of this site itself, in the active language."""
    return {
        "expired": _("No server was free to write this reply in time. Nothing was sent; retry."),
        "file_missing": _(
            "A file of this conversation is missing on the server, so nothing was sent. Tell your "
            "administrator."
        ),
        "tool_secret_missing": _(
            "A secret of one of the tools is not set on the server, so nothing was sent. Switch "
            "the tool off, or tell your administrator."
        ),
        "internal": _("Something went wrong on this site while the reply was written. Retry."),
    }


def reason_sentence(reason, status):
    """Return the sentence about why a reply is not complete; "" for a complete one.

    `status` is the status of the Response. `reason` is the one of Finished (upstream/events.py): a
    word of the gateway or a code. With status "completed" it is often just the gateway's word for
    the model's regular end, and then gives "".
    """
    if status == "interrupted":
        return _interruptions().get(reason) or _("The reply broke off.")
    known = _endings()
    if status == "completed":
        return known.get(reason, "")
    return known.get(reason) or _("The reply is incomplete.")


def _endings():
    """Return `{reason: sentence}` for replies that ended early, in the active language."""
    return {
        "max_output_tokens": _("The reply was cut off at its maximum length."),
        "content_filter": _("The gateway's content filter ended the reply."),
        "too_long": _("The reply was cut off: it was longer than this site keeps."),
        "tool_call": _("The model asked for a tool, and this site has none to give."),
    }


def _interruptions():
    """Return `{reason: sentence}` for replies that were interrupted, in the active language."""
    return {
        # The process that wrote the reply was stopped, or died.
        "": _("The server stopped while it wrote this reply."),
        "crashed": _("The server stopped while it wrote this reply."),
        # The gateway's stream ended early.
        "cut": _("The gateway ended the reply before it was whole."),
        "malformed": _("A part of the reply could not be read."),
        "background": _("The gateway put the reply off to be fetched later, and it is not."),
        "lost": _("The connection to the gateway was lost while the reply was written."),
        "timeout_silence": _("The gateway stopped sending in the middle of the reply."),
        "timeout_total": _("The reply took longer than this site waits."),
        "line_too_long": _("The gateway sent more at once than a reply can be."),
    }
