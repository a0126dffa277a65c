"""Our sentences for what went wrong, made when they are shown, in the reader's language.

Only codes and the gateway's own words are stored, so that each reader has them in their language.
"""

import re

from django.utils.translation import gettext as _

# Of these codes the words are the system's ("Connection refused"), not the gateway's.
_UNHEARD = {
    *("bad_config", "connect", "tls", "timeout_connect", "timeout_silence", "timeout_total"),
    *("lost", "line_too_long"),
}
# What stands in place of a body that is not shown: "status 502, text/html".
_SUMMARY = re.compile(r"status \d{3}, ")


def error_sentence(code, http_status=None):
    """What happened and what to do next, for an error `code` of a Response; "" for no code."""
    if not code:
        return ""
    known = _sentences()
    if code in known:
        return known[code]
    if http_status and http_status >= 500:
        return known["server"]
    return known["refused"]


def is_quote(code, words):
    """Whether the `words` stored with an error `code` are a sentence of the gateway itself."""
    return bool(words) and code not in _UNHEARD and not _SUMMARY.match(words)


def _sentences():
    return {
        # The gateway's; the codes are those of upstream/error_codes.py.
        "bad_config": _("The gateway is not set up correctly. Tell your administrator."),
        "connect": _(
            "The gateway could not be reached. Try again; if it stays so, tell your administrator."
        ),
        "tls": _(
            "The gateway's certificate is not trusted, so nothing was sent. "
            "Tell your administrator."
        ),
        "timeout_connect": _("The gateway did not accept the connection in time. Try again."),
        "timeout_silence": _("The gateway sent nothing for too long. Try again."),
        "timeout_total": _("The gateway took longer than this site waits. Try again."),
        "lost": _(
            "The connection to the gateway was lost. The call may have been charged, so it was "
            "not repeated by itself. Press Retry to ask again."
        ),
        "unauthorized": _("The gateway did not accept this site's key. Tell your administrator."),
        "quota": _("The gateway's credit or quota is used up. Tell your administrator."),
        "rate_limited": _("The gateway is receiving too many requests. Wait a moment and retry."),
        "context_length": _(
            "The conversation is longer than this model can read. Start a new one, or choose a "
            "model with a larger context window."
        ),
        "too_large": _("The gateway refused the conversation as too large. Start a new one."),
        "model_not_found": _(
            "The gateway does not have this model. Choose another one or tell your administrator."
        ),
        "not_found": _(
            "The gateway does not offer /v1/responses at its address. Tell your administrator."
        ),
        "unsupported": _(
            "The gateway does not take one of the settings that were sent. Choose another "
            "reasoning effort or model, or tell your administrator."
        ),
        "refused": _("The gateway refused the request. What it said may tell you what to change."),
        "server": _("The gateway had an error of its own. Try again in a moment."),
        "not_api": _(
            "What answered is not the API of a gateway. Tell your administrator to check the "
            "gateway's address."
        ),
        "line_too_long": _("The gateway sent more at once than a reply can be. Try again."),
        "model_failed": _("The model could not finish the reply. Try again."),
        # Ours.
        "expired": _("No server was free to write this reply in time. Nothing was sent; retry."),
        "internal": _("Something went wrong on this site while the reply was written. Retry."),
    }


def reason_sentence(reason, status):
    """Why a reply of `status` is not whole, or "" where it is whole all the same.

    `reason` is the gateway's own word or one of upstream/events.py. That of a completed reply is
    often only what the gateway calls its natural end.
    """
    if status == "interrupted":
        return _interruptions().get(reason) or _("The reply broke off.")
    known = _endings()
    if status == "completed":
        return known.get(reason, "")
    return known.get(reason) or _("The reply is incomplete.")


def _endings():
    return {
        "max_output_tokens": _("The reply was cut off at its maximum length."),
        "content_filter": _("The gateway's content filter ended the reply."),
        "too_long": _("The reply was cut off: it was longer than this site keeps."),
        "tool_call": _("The model asked for a tool, and this site has none to give."),
    }


def _interruptions():
    return {
        # Of our own process: it was told to end, or it died.
        "": _("The server stopped while it wrote this reply."),
        "crashed": _("The server stopped while it wrote this reply."),
        # Of the gateway's answer.
        "cut": _("The gateway ended the reply before it was whole."),
        "malformed": _("A part of the reply could not be read."),
        "background": _("The gateway put the reply off to be fetched later, and it is not."),
        "lost": _("The connection to the gateway was lost while the reply was written."),
        "timeout_silence": _("The gateway stopped sending in the middle of the reply."),
        "timeout_total": _("The reply took longer than this site waits."),
        "line_too_long": _("The gateway sent more at once than a reply can be."),
    }
