"""`manage.py probe_gateway`: test whether the configured gateway does what the site needs."""

import asyncio
import contextlib

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from conversations.gateway_sentences.probe_sentences import finding_label, finding_sentence
from conversations.models import LanguageModel
from conversations.replies.gateway_client import build_client
from conversations.tools import fields_of, read
from conversations.tools import secrets as tool_secrets
from conversations.upstream.probe import probe
from conversations.upstream.probe_tools import PREFIX, Trial, probe_tools


class Command(BaseCommand):
    """Command `probe_gateway`: sends a few short requests to the gateway (OPENAI_BASE_URL), for the
    model `--model`, and prints each result and what to do about a failed one. Raises CommandError
    (exit status 1) if something essential does not work or no gateway is configured. With `--tools`
    it tries each tool of the LanguageModel's row instead, and says which ones were used; raises
    CommandError if one was not."""

    help = "Ask the gateway a few short questions; exit 1 where it does not do what the site needs."

    def add_arguments(self, parser):
        parser.add_argument(
            "--model", default=settings.OPENAI_MODEL, help="whom to ask (default: OPENAI_MODEL)"
        )
        parser.add_argument(
            "--tools",
            action="store_true",
            help="try each tool of the model's row instead, which costs what a reply with it costs",
        )

    def handle(self, *, model, tools, **options):
        if settings.DEMO:
            raise CommandError(_("No gateway is configured. Set OPENAI_BASE_URL; see README.md."))
        self.stdout.write(f"{settings.OPENAI_BASE_URL} · {model}\n\n")
        trials = _trials(model) if tools else []
        rows = asyncio.run(self._probe(model, trials))
        faults = [row for row in rows if not row.ok]
        if faults:
            self.stdout.write("")
        for row in faults:
            self.stdout.write(f"{finding_label(row.name)}: {finding_sentence(row.code)}")
            if row.message:
                self.stdout.write(f"    {row.message}")
        self.stdout.write("")
        if tools and faults:
            raise CommandError(_("Not every tool of the model happened."))
        if tools:
            self.stdout.write(_("Every tool of the model happened."))
            return
        if any(row.essential for row in faults):
            raise CommandError(_("The gateway does not do what the site needs."))
        self.stdout.write(_("The gateway does what the site needs."))

    async def _probe(self, model, trials):
        """Test the gateway with the model called `model`; with `trials` (a list of Trial) try these
        tools of the model instead. Return a list of results (`upstream.probe.Row`), each printed as
        soon as it is known."""
        client = build_client()
        rows = []
        try:
            probing = (
                probe_tools(client, model, trials, settings.MAX_TOOL_CALLS)
                if trials
                else probe(client, model)
            )
            async with contextlib.aclosing(probing) as findings:
                async for row in findings:
                    rows.append(row)
                    self._write(row)
        finally:
            await client.close()
        return rows

    def _write(self, row):
        """Print `row` (an `upstream.probe.Row`, the result of one test) as a line of a table."""
        style = self.style.SUCCESS
        verdict = "happened" if row.name.startswith(PREFIX) else "ok"
        if not row.ok:
            style = self.style.ERROR if row.essential else self.style.WARNING
            verdict = row.code
        self.stdout.write(
            f"  {finding_label(row.name):<26}{style(f'{verdict:<16}')}{row.value}".rstrip()
        )
        self.stdout.flush()


def _trials(model):
    """Return the list of Trials of the tools in the row of the LanguageModel called `model`. Raise
    CommandError if it has none, or if a connector's secret is not set."""
    row = LanguageModel.objects.filter(name=model).first()
    found = read(row.tools) if row else ()
    if not found:
        raise CommandError(
            _("The model %(name)s has no tools. Write them into its row; see docs/tools.md.")
            % {"name": model}
        )
    trials = []
    for tool in found:
        body, secrets = fields_of([tool]), []
        try:
            if tool_secrets.has_secrets(body):
                body, secrets = tool_secrets.fill(body)
        except tool_secrets.SecretMissing as error:
            raise CommandError(
                _("The environment variable %(name)s is not set, which a tool names.")
                % {"name": error}
            ) from None
        trials.append(Trial(tool.name, tool.kind, body["tools"][0], tool.include, secrets))
    return trials
