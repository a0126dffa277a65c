"""Check of the tools of LanguageModels: entries of the column `tools` that cannot be used, and
secrets of connectors that are not set."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, WARNING, Finding
from conversations.models import LanguageModel
from conversations.models.language_model import tool_faults
from conversations.tools import read, secrets


def check():
    """Return the list of Findings about the tools of the enabled models. Raises DatabaseError if
    the database does not answer."""
    found = []
    for model in LanguageModel.objects.enabled().exclude(tools=[]):
        found += [
            Finding(
                WARNING,
                format_lazy("{name}: {sentence}", name=str(model), sentence=sentence),
                _("Correct it in the tools of the model, in the administration; docs/tools.md."),
            )
            for sentence in tool_faults(model.tools)
        ]
        found += [
            Finding(
                WARNING,
                format_lazy(
                    _("{name}: the environment variable {variable} of a connector is not set."),
                    name=str(model),
                    variable=variable,
                ),
                _("Set it and start the site anew; replies with the connector fail until then."),
            )
            for variable in secrets.unset(read(model.tools))
        ]
    return found or [Finding(OK, _("The tools of all models can be used."))]
