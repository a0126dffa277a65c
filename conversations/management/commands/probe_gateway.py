"""`manage.py probe_gateway`: test whether the configured gateway does what the site needs."""

import asyncio
import contextlib

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from conversations.gateway.probe_sentences import finding_label, finding_sentence
from conversations.replies.gateway_client import build_client
from conversations.upstream.probe import probe


class Command(BaseCommand):
    """The command `probe_gateway`: sends a few short requests to the gateway (OPENAI_BASE_URL), for
    the model `--model`, and prints each result and what to do about a failed one. Raises
    CommandError (exit status 1) if something essential does not work or no gateway is
    configured."""

    help = "Ask the gateway a few short questions; exit 1 where it does not do what the site needs."

    def add_arguments(self, parser):
        parser.add_argument(
            "--model", default=settings.OPENAI_MODEL, help="whom to ask (default: OPENAI_MODEL)"
        )

    def handle(self, *, model, **options):
        if settings.DEMO:
            raise CommandError(_("No gateway is configured. Set OPENAI_BASE_URL; see README.md."))
        self.stdout.write(f"{settings.OPENAI_BASE_URL} · {model}\n\n")
        rows = asyncio.run(self._probe(model))
        faults = [row for row in rows if not row.ok]
        if faults:
            self.stdout.write("")
        for row in faults:
            self.stdout.write(f"{finding_label(row.name)}: {finding_sentence(row.code)}")
            if row.message:
                self.stdout.write(f"    {row.message}")
        self.stdout.write("")
        if any(row.essential for row in faults):
            raise CommandError(_("The gateway does not do what the site needs."))
        self.stdout.write(_("The gateway does what the site needs."))

    async def _probe(self, model):
        """Test the gateway with the model called `model`. Return a list of results
        (`upstream.probe.Row`), each printed as soon as it is known."""
        client = build_client()
        rows = []
        try:
            async with contextlib.aclosing(probe(client, model)) as findings:
                async for row in findings:
                    rows.append(row)
                    self._write(row)
        finally:
            await client.close()
        return rows

    def _write(self, row):
        """Print `row` (an `upstream.probe.Row`, the result of one test) as a line of a table."""
        style = self.style.SUCCESS
        verdict = "ok"
        if not row.ok:
            style = self.style.ERROR if row.essential else self.style.WARNING
            verdict = row.code
        self.stdout.write(
            f"  {finding_label(row.name):<26}{style(f'{verdict:<16}')}{row.value}".rstrip()
        )
        self.stdout.flush()
