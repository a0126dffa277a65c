"""`manage.py probe_gateway`: a test of the configured gateway."""

import asyncio
import contextlib

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from conversations.gateway.probe_sentences import finding_label, finding_sentence
from conversations.replies.gateway_client import build_client
from conversations.upstream.probe import probe


class Command(BaseCommand):
    """Sends a few short requests to the gateway and prints each finding and what to do about it.
    CommandError (exit status 1) where something essential does not work."""

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
        """A list of findings (rows of `upstream.probe`), each printed as soon as it is known."""
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
        """Print one finding as a line of a table."""
        style = self.style.SUCCESS
        verdict = "ok"
        if not row.ok:
            style = self.style.ERROR if row.essential else self.style.WARNING
            verdict = row.code
        self.stdout.write(
            f"  {finding_label(row.name):<26}{style(f'{verdict:<16}')}{row.value}".rstrip()
        )
        self.stdout.flush()
