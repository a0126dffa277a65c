"""Database model of language models that administrators offer to people, with limits in tokens and
the groups that may use them."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import tools
from conversations.database.prepared_query import PreparedQuery
from conversations.rendering.isolated_text import isolated

DEMO = "demo"  # the built-in model's name


def tool_faults(value):
    """Return a list of sentences in the active language, one for each mistake in `value`, the JSON
    of `LanguageModel.tools`, and for each group in it that does not exist; [] if all of it can be
    used."""
    sentences = tools.faults(value)
    named = {group for tool in tools.read(value) for group in tool.groups}
    missing = named.difference(
        Group.objects.filter(name__in=named).values_list("name", flat=True) if named else ()
    )
    return sentences + [
        gettext("There is no group “%(name)s”.") % {"name": isolated(name)}
        for name in sorted(missing)
    ]


def validate_tools(value):
    """Raise ValidationError, with the sentences of `tool_faults`, if not all of `value` can be
    used. The validator of `LanguageModel.tools`."""
    if sentences := tool_faults(value):
        raise ValidationError(sentences)


class LanguageModelQuerySet(models.QuerySet):
    """Queryset of language models."""

    def enabled(self):
        """Return a queryset of the models that administrators enabled."""
        return self.filter(enabled=True)

    def ensure_default(self):
        """Insert an enabled row for the model OPENAI_MODEL if it is missing; an existing row is not
        changed. The built-in demo model is enabled if DEMO is set (no gateway is configured), else
        disabled."""
        self.get_or_create(name=settings.OPENAI_MODEL)
        self.filter(name=DEMO).exclude(enabled=settings.DEMO).update(enabled=settings.DEMO)

    def offered_to(self, person):
        """Return a list of the enabled LanguageModels that `person` (a Person or an id) may use:
        those without groups, and those of one of the person's groups. Sorted by name, the site's
        default (OPENAI_MODEL) first.

        Filtered and sorted in Python: there are few models, most sites limit none of them, and two
        small queries are faster than one with the joins.
        """
        limits = {}
        for model_id, group_id in _limits_to_groups():
            limits.setdefault(model_id, set()).add(group_id)
        models = _enabled()
        if limits:
            mine = set(
                Group.objects.filter(user__pk=getattr(person, "pk", person)).values_list(
                    "pk", flat=True
                )
            )
            models = [
                model for model in models if model.pk not in limits or limits[model.pk] & mine
            ]
        return sorted(models, key=lambda model: (model.name != settings.OPENAI_MODEL, model.name))


class LanguageModel(models.Model):
    """Language model of the gateway: its name in API requests, its limits in tokens, and who may
    use it."""

    class Files(models.TextChoices):
        """Form in which a document is sent to the language model: the text read from it, or the
        file itself."""

        TEXT = "text", _("as text")
        NATIVE = "native", _("as files")

    name = models.CharField(
        _("name"), max_length=200, unique=True, help_text=_("As the gateway calls it.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    context_window = models.PositiveIntegerField(
        _("context window"),
        null=True,
        blank=True,
        help_text=_("Tokens of input and output together; empty means no limit is known."),
    )
    max_output_tokens = models.PositiveIntegerField(
        _("maximum output tokens"),
        null=True,
        blank=True,
        help_text=_("Sent with every call where set; people may choose less."),
    )
    efforts = models.CharField(
        _("reasoning efforts"),
        max_length=200,
        blank=True,
        help_text=_("Offered to people, separated by commas, like: low, medium, high."),
    )
    images = models.BooleanField(
        _("takes pictures"),
        default=False,
        help_text=_("Pictures in messages are sent to it; without this they are refused."),
    )
    files = models.CharField(
        _("documents"),
        max_length=10,
        choices=Files.choices,
        default=Files.TEXT,
        help_text=_("What is sent of a document: the text that was read from it, or the file."),
    )
    tools = models.JSONField(
        _("tools"),
        default=list,
        blank=True,
        validators=[validate_tools],
        help_text=_(
            "Tools of the gateway that people may switch on, as a list in JSON. docs/tools.md has "
            "examples for OpenAI, OpenRouter, LiteLLM, vLLM and Ollama."
        ),
    )
    choose_length = models.BooleanField(_("people may set a maximum length"), default=False)
    groups = models.ManyToManyField(
        Group,
        blank=True,
        related_name="+",
        verbose_name=_("groups"),
        help_text=_("Only their members may use the model; none chosen means everybody."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("model")
        verbose_name_plural = _("models")

    def __str__(self):
        return isolated(self.name)

    @property
    def effort_choices(self):
        """Return the list of reasoning efforts that people may choose for this model, words like
        "low"."""
        return [word.strip() for word in self.efforts.split(",") if word.strip()]


_enabled = PreparedQuery(LanguageModel.objects.enabled)
_limits_to_groups = PreparedQuery(
    lambda: LanguageModel.groups.through.objects.values_list("languagemodel_id", "group_id")
)
