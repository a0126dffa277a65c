"""Sentences for the site's operator about what a probe of the gateway (upstream/probe.py) found."""

from django.utils.translation import gettext as _

from conversations.gateway_sentences.error_sentences import operator_sentence
from conversations.upstream.probe_tools import PREFIX


def finding_label(name):
    """Return the label of a finding of the probe, in the active language.

    `name` is one of ROWS in upstream/probe.py, or that of a tool (upstream/probe_tools.py); any
    other is returned as it is.
    """
    if name.startswith(PREFIX):
        return _("tool %(name)s") % {"name": name.removeprefix(PREFIX)}
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
        "images": _("a picture accepted"),
        "files": _("a PDF accepted"),
    }.get(name, name)


def finding_sentence(code):
    """Return the sentence about a finding of the probe: what it means for the site and what to do.

    `code` is the finding's, a key of CODES or PROBE_CODES; for an unknown one a general sentence is
    returned.
    """
    known = operator_sentence(code) or _answers().get(code)
    return known or _("It failed for a reason this site does not know.")


def _answers():
    """Return `{code: sentence}` for answers that are no error but not as the site needs them."""
    return {
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
        "tool_dropped": _(
            "The gateway answered and did not use the tool: it drops it silently, or this model "
            "saw no need. Clear it from the tools of the model unless a second try differs."
        ),
        "tool_failed": _("The gateway tried the tool, and it failed."),
        "include_refused": _(
            "The gateway takes the tool, but not what its “include” names: clear that in the tools "
            "of the model."
        ),
        "not_asked": _("Not asked, since what went before failed."),
    }
