"""`manage.py doctor`: check an installation from end to end, and say what to do."""

import json
import sys

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from conversations.doctor.examination import SUBJECTS, examine
from conversations.doctor.finding import PROBLEM, WARNING


class Command(BaseCommand):
    """Command `doctor`: prints a line for each fact of the installation, with "ok", "warning" or
    "problem", and below it what to do. Exits with status 1 if there is a problem, else 0. With
    `--json` it prints `{"ok": bool, "findings": [{"subject", "level", "said", "todo"}]}`."""

    help = "Check the installation: settings, database, files, mail, proxies, gateway and more."
    # The checks of Django are among its own.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "subjects",
            nargs="*",
            metavar="SUBJECT",
            help=f"what to check (default: all): {', '.join(SUBJECTS)}",
        )
        parser.add_argument("--url", default="", help="the site's public address, for the proxies")
        parser.add_argument(
            "--call", action="store_true", help="ask the gateway for an answer of a few tokens"
        )
        parser.add_argument("--mail", default="", metavar="ADDRESS", help="send an e-mail there")
        parser.add_argument("--json", action="store_true", help="print JSON, for machines")

    def handle(self, *, subjects, url, call, mail, **options):
        if unknown := set(subjects) - set(SUBJECTS):
            self.stderr.write(
                _("There is no check of %(name)s; there are: %(names)s.")
                % {"name": sorted(unknown)[0], "names": ", ".join(SUBJECTS)}
            )
            sys.exit(2)
        chosen = [each for each in SUBJECTS if not subjects or each in subjects]
        found = []
        for subject, findings in examine(chosen, call=call, address=mail, url=url):
            found += [(subject, each) for each in findings]
            if not options["json"]:
                for each in findings:
                    self._write(subject, each)
        is_well = all(each.level != PROBLEM for _subject, each in found)
        if options["json"]:
            findings = [each.as_dict(subject) for subject, each in found]
            self.stdout.write(json.dumps({"ok": is_well, "findings": findings}, indent=2))
        if not is_well:
            sys.exit(1)

    def _write(self, subject, finding):
        """Print the `finding` (a Finding) about `subject`, and below it what to do."""
        style = {PROBLEM: self.style.ERROR, WARNING: self.style.WARNING}
        level = style.get(finding.level, self.style.SUCCESS)(f"{finding.level:<8}")
        self.stdout.write(f"{level} {subject:<12} {finding.said}")
        if finding.todo:
            self.stdout.write(f"{'':<21} {finding.todo}")
        self.stdout.flush()
