"""What a probe of the gateway found, in words for whoever runs the site.

The names and codes are those of upstream/probe.py and upstream/error_codes.py.
"""

from django.utils.translation import gettext as _


def finding_label(name):
    """What the finding `name` is about; the name itself where it has no label."""
    return {
        "reachable": _("reachable"),
        "key": _("key accepted"),
        "wrong_key": _("a wrong key refused"),
        "models": _("models listed"),
        "whole": _("answer in one piece"),
        "usage_whole": _("its tokens reported"),
        "stream": _("answer as a stream"),
        "usage_stream": _("its tokens reported"),
        "growing": _("the stream grows"),
        "first_token": _("seconds to the first word"),
        "total": _("seconds to the last"),
        "history": _("history accepted"),
        "instructions": _("instructions accepted"),
        "limit": _("maximum length heeded"),
        "effort": _("reasoning effort accepted"),
        "unknown_model": _("an unknown model refused"),
    }.get(name, name)


def finding_sentence(code):
    """What an error `code` of a finding means for the site and what to do about it."""
    return _sentences().get(code) or _("It failed for a reason this site does not know.")


def _sentences():
    return {
        # A question was not answered.
        "bad_config": _("The address or the key cannot be used as it stands. Check both."),
        "connect": _(
            "No connection. Is OPENAI_BASE_URL right, the gateway running, and no firewall between?"
        ),
        "tls": _("The certificate is not trusted, so nothing was sent. Is the host name right?"),
        "timeout_connect": _("No connection in time (UPSTREAM_CONNECT_TIMEOUT)."),
        "timeout_silence": _("Nothing was sent for too long (UPSTREAM_READ_TIMEOUT)."),
        "timeout_total": _("There was no answer within two minutes."),
        "lost": _("The connection was lost before there was an answer."),
        "unauthorized": _("The key was not accepted. Check OPENAI_API_KEY."),
        "quota": _("The credit or quota of the key is used up."),
        "rate_limited": _("Too many requests. Probe again in a minute."),
        "context_length": _("A few words are already too long for this model's context window."),
        "too_large": _("A few words are already more than the gateway takes in a request."),
        "model_not_found": _("The gateway does not have this model. Check OPENAI_MODEL."),
        "not_found": _(
            "There is nothing at this path. Does OPENAI_BASE_URL end in /v1, and does the gateway "
            "offer this?"
        ),
        "unsupported": _("The gateway or the model does not take this setting."),
        "refused": _("The gateway refused the request."),
        "model_failed": _("The model could not finish, and nothing says why."),
        "server": _("The gateway, or the server behind it, has a fault."),
        "not_api": _("What answers is no API, perhaps a web page. Check OPENAI_BASE_URL."),
        "line_too_long": _("More came at once than an answer can be."),
        # It was answered, though not as the site would like.
        "not_listed": _("The model is not in the gateway's list; it may work all the same."),
        "no_list": _(
            "The gateway lists no models. Add them in the administration; that is no harm."
        ),
        "held_back": _(
            "The stream came all at once: something between, a proxy perhaps, holds it back. "
            "Replies will appear at once instead of growing."
        ),
        "any_key": _("Any key is accepted. Keep the gateway off the network."),
        "any_model": _(
            "A model that does not exist gave an answer. A mistake in a model's name will not show."
        ),
        "limit_ignored": _(
            "The answer was longer than asked for: maximum lengths have no effect there."
        ),
        "no_text": _("The answer had no text."),
        "broken": _("The answer broke off."),
        "not_streamed": _(
            "A stream was asked for and the answer came in one piece: replies will appear at once "
            "instead of growing."
        ),
        "not_whole": _("A stream came unasked. The site always asks for one, so this is no harm."),
        "no_usage": _("The tokens were not reported: the site will show estimates, marked so."),
        "not_asked": _("Not asked, since what went before failed."),
    }
