import asyncio

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from conversations.gateway.probe_sentences import finding_sentence
from conversations.models import LanguageModel
from conversations.replies.gateway_client import build_client
from conversations.upstream import UpstreamError


class Command(BaseCommand):
    help = "Add the models that the gateway lists; an administrator then enables them."

    def add_arguments(self, parser):
        parser.add_argument(
            "--enable", action="store_true", help="enable every model the gateway lists"
        )

    def handle(self, *, enable, **options):
        if settings.DEMO:
            raise CommandError(_("No gateway is configured. Set OPENAI_BASE_URL; see README.md."))
        try:
            listed = asyncio.run(_list_models())
        except UpstreamError as error:
            said = f" ({error.message})" if error.message else ""
            raise CommandError(f"{finding_sentence(error.code)}{said}") from None
        models = LanguageModel.objects.filter(name__in=listed)
        known = set(models.values_list("name", flat=True))
        added = [LanguageModel(name=name, enabled=enable) for name in listed if name not in known]
        LanguageModel.objects.bulk_create(added, ignore_conflicts=True)
        for model in added:
            self.stdout.write(f"added: {model}")
        if enable:
            for model in models.filter(name__in=known, enabled=False):
                model.enabled = True
                model.save(update_fields=["enabled"])
                self.stdout.write(f"enabled: {model}")
        self.stdout.write(f"{len(listed)} listed, {len(added)} new")


async def _list_models():
    client = build_client()
    try:
        return await client.models()
    finally:
        await client.close()
