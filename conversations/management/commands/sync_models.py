"""`manage.py sync_models`: add the gateway's models to the table of LanguageModels."""

import asyncio
from fnmatch import fnmatchcase

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from conversations.gateway_sentences.probe_sentences import finding_sentence
from conversations.models import LanguageModel
from conversations.replies.gateway_client import build_client
from conversations.upstream import UpstreamError
from conversations.upstream.chat_models import is_for_chat


class Command(BaseCommand):
    """Command `sync_models`: inserts a LanguageModel for each model that the gateway lists and the
    table lacks, disabled unless `--enable` is given. `--enable` also enables rows that exist
    already; models that are not for chat stay disabled. Where the list says whether a model takes
    pictures and files (`input_modalities`), that is stored, also for rows that exist. Raises
    CommandError if no gateway is configured or it does not return a list."""

    help = (
        "Add the models that the gateway lists; an administrator then enables them. What is "
        "plainly not for chat (pictures, speech, embeddings …) is added but not enabled."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--only",
            action="append",
            metavar="PATTERN",
            help="take only models whose names match, like 'gpt-*'; may be given several times",
        )
        parser.add_argument(
            "--enable", action="store_true", help="enable every model of them that is for chat"
        )

    def handle(self, *, only, enable, **options):
        if settings.DEMO:
            raise CommandError(_("No gateway is configured. Set OPENAI_BASE_URL; see README.md."))
        try:
            listed = asyncio.run(_list_models())
        except UpstreamError as error:
            said = f" ({error.message})" if error.message else ""
            raise CommandError(f"{finding_sentence(error.code)}{said}") from None
        count = len(listed)
        listed = [each for each in listed if _matches(each.name, only)]
        names = [each.name for each in listed]
        models = LanguageModel.objects.filter(name__in=names)
        known = set(models.values_list("name", flat=True))
        added = [
            LanguageModel(
                name=each.name,
                enabled=enable and is_for_chat(each.name),
                images=bool(each.images),
                files=_files(each) or LanguageModel.Files.TEXT,
            )
            for each in listed
            if each.name not in known
        ]
        LanguageModel.objects.bulk_create(added, ignore_conflicts=True)
        for model in added:
            note = "" if is_for_chat(model.name) else " (not for chat)"
            self.stdout.write(f"added: {model}{note}")
        if enable:
            for model in models.filter(name__in=known, enabled=False):
                if is_for_chat(model.name):
                    model.enabled = True
                    model.save(update_fields=["enabled"])
                    self.stdout.write(f"enabled: {model}")
        self._learn(models.filter(name__in=known), {each.name: each for each in listed})
        if only and not names:
            self.stdout.write(self.style.WARNING(f"no name matches {', '.join(only)}"))
        self.stdout.write(f"{count} listed, {len(added)} new")

    def _learn(self, models, listed):
        """Store what the gateway's list says about pictures and files for those `models`
        (LanguageModels) that exist already, and print each change; `listed` is `{name:
        ListedModel}`. What the list does not say is left unchanged."""
        for model in models:
            said = listed[model.name]
            images = model.images if said.images is None else said.images
            files = _files(said) or model.files
            if (images, files) != (model.images, model.files):
                model.images, model.files = images, files
                model.save(update_fields=["images", "files"])
                takes = "pictures" if images else "no pictures"
                self.stdout.write(f"changed: {model} takes {takes}, documents as {files}")


def _matches(name, patterns):
    """Return True if `name` matches one of `patterns` (globs with `*`, `?`, `[…]`), ignoring case,
    or if there are no patterns."""
    return not patterns or any(fnmatchcase(name.lower(), each.lower()) for each in patterns)


def _files(listed):
    """Return the value of LanguageModel.files for `listed`, a ListedModel of the gateway's list:
    what the model takes besides text. "" if the list does not say."""
    if listed.files is None:
        return ""
    return LanguageModel.Files.NATIVE if listed.files else LanguageModel.Files.TEXT


async def _list_models():
    """Return a list of ListedModels, one for each model that the gateway offers. Raise
    UpstreamError if the request fails."""
    client = build_client()
    try:
        return await client.listed_models()
    finally:
        await client.close()
