"""Our sentences for what went wrong, made when they are shown, in the reader's language.

Stored are only codes and the gateway's own words (design.md, 13).
"""

from django.utils.translation import gettext as _


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


def _sentences():
    return {
        "connect": _(
            "The gateway could not be reached. Try again; if it stays so, tell your administrator."
        ),
        "timeout_connect": _("The gateway did not accept the connection in time. Try again."),
        "timeout_silence": _("The gateway stopped sending. What had arrived is kept; try again."),
        "timeout_total": _("The reply took longer than allowed. What had arrived is kept."),
        "lost": _(
            "The connection to the gateway was lost. It may have been charged, so it was not "
            "repeated by itself; press Retry to ask again."
        ),
        "unauthorized": _("The gateway did not accept this site's key. Tell your administrator."),
        "quota": _("The gateway's credit or quota is used up. Tell your administrator."),
        "not_found": _(
            "The gateway does not know this model, or does not offer /v1/responses. "
            "Choose another model or tell your administrator."
        ),
        "rate_limited": _("The gateway is receiving too many requests. Wait a moment and retry."),
        "too_large": _("The gateway refused the conversation as too large. Start a new one."),
        "context_length": _(
            "The conversation is longer than this model can read. Start a new one, or choose a "
            "model with a larger context window."
        ),
        "not_api": _(
            "What answered is not the API of a gateway. Tell your administrator to check the "
            "gateway's address."
        ),
        "bad_config": _("The gateway is not set up correctly. Tell your administrator."),
        "server": _("The gateway had an error of its own. Try again in a moment."),
        "refused": _("The gateway refused the request."),
        "model_failed": _("The model could not finish the reply. Try again."),
        "expired": _("No server was free to write this reply in time. Nothing was sent; retry."),
        "internal": _("Something went wrong on this site while the reply was written. Retry."),
        "render": _("The reply could not be shown."),
    }


def reason_sentence(reason):
    """Why a reply is incomplete; "" for no reason."""
    if not reason:
        return ""
    known = {
        "max_output_tokens": _("The reply was cut off at its maximum length."),
        "content_filter": _("The gateway's content filter ended the reply."),
        "too_long": _("The reply was cut off: it was longer than this site keeps."),
    }
    return known.get(reason, _("The reply is incomplete."))
