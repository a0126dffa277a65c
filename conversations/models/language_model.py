from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

DEMO = "demo"  # the built-in model's name


class LanguageModelQuerySet(models.QuerySet):
    def enabled(self):
        return self.filter(enabled=True)

    def ensure_default(self):
        """Make the row of OPENAI_MODEL where there is none; the demo's is on only without a
        gateway. An administrator's choice to disable a model is left alone."""
        self.get_or_create(name=settings.OPENAI_MODEL)
        self.filter(name=DEMO).exclude(enabled=settings.DEMO).update(enabled=settings.DEMO)

    def offered_to(self, person):
        """A list of the enabled ones that `person` (or the id of one) may use: of no group, or of
        one of the person's groups. By name, but the site's default model (OPENAI_MODEL) first.

        Chosen and sorted in Python: there are few models, most sites limit none of them, and two
        small queries are quicker than one with the joins of it all.
        """
        limits = {}
        for model_id, group_id in self.model.groups.through.objects.values_list(
            "languagemodel_id", "group_id"
        ):
            limits.setdefault(model_id, set()).add(group_id)
        models = list(self.enabled())
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
    """A model of the gateway that people may choose."""

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
        return self.name

    @property
    def effort_choices(self):
        """The reasoning efforts people may choose, as a list of words."""
        return [word.strip() for word in self.efforts.split(",") if word.strip()]
