"""Command `manage.py fill_ledger --settings=bench.settings`: fills an empty database with made-up
Responses (model calls), charges and usage sums, for benchmarks of usage reports."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from conversations.models import (
    Charge,
    LanguageModel,
    Person,
    Price,
    Response,
    ToolPrice,
    UsageDay,
    UsageRollup,
)
from conversations.models.response import RATES
from conversations.models.usage_day import MEASURES
from conversations.usage import calendar, prices, rollup
from conversations.usage.charges import enter_price

CONSTANT = {
    "reason": "",
    "answered_model": "",
    "upstream_id": "",
    "request_id": "",
    "error_code": "",
    "error_message": "",
    "refusal": "",
    "request": "{}",
    "attempts": 1,
    "partial": "",
    "partial_reasoning": "",
    "stop_requested": False,
    "service_tier": "",
    "reported_cost_source": "",
}
GIVEN = ("id", "username", "missing_prices", *RATES.values(), *rollup.COLUMNS)
CHARGED = ("response_id", "kind", "quantity", "unit_price", "amount", "basis")
# Number of days that are invented; the database copies them to make the others.
BLOCK = 73


class Command(BaseCommand):
    help = "Fill an empty site with invented calls, to measure the reports. Not for real sites."

    def add_arguments(self, parser):
        parser.add_argument("--calls", type=int, default=10_000_000)
        parser.add_argument("--people", type=int, default=2_000)
        parser.add_argument("--models", type=int, default=20)
        parser.add_argument("--days", type=int, default=730)

    def handle(self, *, calls, people, models, days, **options):
        if Response.objects.exists():
            raise CommandError("There are calls already. This is for an empty site only.")
        self.chance = random.Random(1)
        self.number = 0
        self._make_models(models)
        self._make_people(people)
        today = calendar.today()
        first = today - timedelta(days=days - 1)
        block = min(BLOCK, days)
        each = -(-calls // days)
        for n in range(block):
            self._fill_day(first + timedelta(days=n), each)
        for number in range(1, -(-days // block)):
            with transaction.atomic():
                copy_days(number, block, first, min(block, days - number * block))
            self.stdout.write(f"{Response.objects.count()} calls")
        for grain, (period, _told_apart) in rollup.GRAINS.items():
            self.stdout.write(f"summing up: {grain.label}")
            with transaction.atomic():
                start = calendar.first_day(period, first)
                while start <= today:
                    end = calendar.next_first_day(period, start)
                    sum_up(grain, start, end)
                    start = end
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"{Response.objects.count()} calls of {people} people on {days} days")

    def _make_models(self, count):
        """Create `count` LanguageModels, prices for all but the first, and a price for web
        searches."""
        self.models = [f"model-{n:02}" for n in range(count)]
        LanguageModel.objects.bulk_create(LanguageModel(name=name) for name in self.models)
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        self.prices = {
            name: Price(
                model=name,
                input=Decimal(n + 1) / 4,
                cached_input=Decimal(n + 1) / 40,
                cache_write=Decimal(n + 1) / 3,
                output=n + 1,
                valid_from=long_ago,
            )
            # One model stays without a price.
            for n, name in enumerate(self.models[1:])
        }
        Price.objects.bulk_create(self.prices.values())
        self.search = ToolPrice.objects.create(
            tool="web_search", per_use=Decimal("0.01"), valid_from=long_ago
        )

    def _make_people(self, count):
        """Create `count` people, each in one of 20 groups; choose the models that they use."""
        made = Person.objects.bulk_create(
            Person(username=f"person-{n:04}", email=f"person-{n:04}@example.org")
            for n in range(count)
        )
        groups = Group.objects.bulk_create(Group(name=f"Group {n:02}") for n in range(20))
        Person.groups.through.objects.bulk_create(
            Person.groups.through(person=person, group=groups[n % 20])
            for n, person in enumerate(made)
        )
        # Most people mostly use one model, now and then a second, seldom any other.
        self.people = [
            (person.pk, person.username, self.chance.choices(self.models, k=2)) for person in made
        ]

    def _fill_day(self, day, count):
        """Create `count` Responses on the date `day`, with their Charges and UsageDay rows."""
        midnight = calendar.start_of(day).astimezone(UTC)
        seconds = sorted(self.chance.random() * 86_000 for _ in range(count))
        rows, sums = [], defaultdict(lambda: defaultdict(int))
        charges = []
        for second in seconds:
            row, own = self._invent(midnight + timedelta(seconds=second))
            charges += [[getattr(charge, name) for name in CHARGED] for charge in own]
            rows.append([*(row[name] for name in GIVEN), *CONSTANT.values()])
            cell = sums[rollup.key_of(row)]
            for name, number in rollup.measure(row).items():
                cell[name] += number
        with transaction.atomic():
            insert(Response._meta.db_table, (*GIVEN, *CONSTANT), rows)
            cells = (
                [*key, *(cell.get(name, 0) for name in MEASURES)] for key, cell in sums.items()
            )
            insert(Charge._meta.db_table, CHARGED, charges)
            insert(UsageDay._meta.db_table, (*rollup.KEYS, *MEASURES), cells)

    def _invent(self, at):
        """Return `(columns of a made-up Response created at the datetime `at`, list of its
        Charges)`."""
        chance = self.chance.random
        person_id, username, usual = self.people[int(chance() * len(self.people))]
        which = chance()
        if which < 0.9:
            model = usual[which > 0.7]
        else:
            model = self.models[int(chance() * len(self.models))]
        row = dict.fromkeys(GIVEN)
        row["id"] = f"{self.number:032x}"
        row["missing_prices"] = ""
        self.number += 1
        row.update(person_id=person_id, username=username, model=model, created_at=at)
        row["purpose"] = "title" if chance() < 0.12 else "reply"
        row["started_at"] = at + timedelta(milliseconds=50)
        total = chance() * chance() * 60 + 0.5
        row["finished_at"] = row["started_at"] + timedelta(seconds=total)
        read = int(chance() * chance() * 20_000) + 20
        written = int(total * 50)
        fate = chance()
        if fate < 0.02:
            row.update(status="failed", usage_source="none", cost=Decimal(0))
            return row, []
        row["first_token_at"] = row["started_at"] + timedelta(seconds=total * 0.2)
        if fate < 0.06:
            row.update(status="cancelled", usage_source="estimated")
            row.update(estimated_input_tokens=read, estimated_output_tokens=written)
        else:
            row.update(status="completed", usage_source="reported", input_tokens=read)
            cached = int(read * chance())
            row.update(cached_tokens=cached, output_tokens=written)
            row.update(cache_write_tokens=int((read - cached) * chance()))
            row.update(reasoning_tokens=written // 5, total_tokens=read + written)
            row.update(input_characters=read * 4, output_characters=written * 3)
        charges = self._search(row) if chance() < 0.1 else []
        row.update(prices.cost_fields(self.prices.get(model), row, charges))
        # Half of the gateways name a cost of their own.
        if row["cost"] is not None and chance() < 0.5:
            row["reported_cost"] = row["cost"]
        return row, charges

    def _search(self, row):
        """Return a list with the Charge for one to four web searches in the call `row` (columns of
        a Response)."""
        count = int(self.chance.random() * 4) + 1
        charge = Charge(response_id=row["id"], kind="web_search", quantity=count, basis="counted")
        enter_price(charge, self.search)
        return [charge]


def copy_days(number, block, first, days):
    """Copy the Responses, Charges and UsageDay rows of `days` days (a number) from the date `first`
    on. The copies have new ids, and dates that are `number` times `block` days later."""
    shift = number * block
    end = first + timedelta(days=days)
    times = {"created_at", "started_at", "first_token_at", "finished_at"}
    if connection.vendor == "postgresql":
        moved = {name: f"{name} + interval '{shift} days'" for name in times}
        moved["day"] = f"day + {shift}"
        moved["id"] = f"('{number:08x}' || substr(id::text, 9))::uuid"
        moved_response = moved["id"].replace("id::text", "response_id::text")
    else:
        moved = {
            name: f"date(substr({name}, 1, 10), '+{shift} days') || substr({name}, 11)"
            for name in times
        }
        moved["day"] = f"date(day, '+{shift} days')"
        moved["id"] = f"'{number:08x}' || substr(id, 9)"
        moved_response = f"'{number:08x}' || substr(response_id, 9)"
    began, ended = map(calendar.start_of, (first, end))
    as_time = connection.ops.adapt_datetimefield_value
    as_day = connection.ops.adapt_datefield_value
    with connection.cursor() as cursor:
        for model, columns, when, limits in (
            (Response, (*GIVEN, *CONSTANT), "created_at", (as_time(began), as_time(ended))),
            (UsageDay, (*rollup.KEYS, *MEASURES), "day", (as_day(first), as_day(end))),
        ):
            table = model._meta.db_table
            chosen = ", ".join(moved.get(name, name) for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {chosen} FROM {table} WHERE {when} >= %s AND {when} < %s ORDER BY {when}",
                limits,
            )
        table, columns = Charge._meta.db_table, ", ".join(CHARGED[1:])
        cursor.execute(
            f"INSERT INTO {table} (response_id, {columns}) "
            f"SELECT {moved_response}, {columns} FROM {table} WHERE response_id IN (SELECT id "
            f"FROM {Response._meta.db_table} WHERE created_at >= %s AND created_at < %s)",
            (as_time(began), as_time(ended)),
        )


def insert(table, columns, rows):
    """Insert `rows` (an iterable of lists of values) into the table named `table`, by the fastest
    way that the database has; `columns` are the columns' names in the order of the values."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",
            map(plain, rows),
        )


def plain(row):
    """Return the list of values `row` in the form in which SQLite stores them: datetimes, dates and
    Decimals as text."""
    return [PLAIN[type(value)](value) if type(value) in PLAIN else value for value in row]


PLAIN = {
    datetime: lambda at: at.replace(tzinfo=None).isoformat(" ", "microseconds"),
    date: str,
    Decimal: str,
}


def sum_up(grain, first, end):
    """Create the UsageRollup rows of `grain` (UsageRollup.Grain, the kind of sum) for one period,
    which begins on the date `first` and ends the day before `end`, from its UsageDay rows."""
    _period, told_apart = rollup.GRAINS[grain]
    names = [name for name in rollup.KEYS[1:] if name in told_apart]
    others = [name for name in rollup.KEYS[1:] if name not in told_apart]
    sums = ", ".join(f"SUM({name})" for name in MEASURES)
    rest = ", ".join("0" if name == "person_id" else "''" for name in others)
    statement = (
        f"INSERT INTO {UsageRollup._meta.db_table} "
        f"({', '.join(['grain', 'day', *names, *others, *MEASURES])}) "
        f"SELECT %s, %s, {', '.join([*names, *filter(None, [rest])])}, {sums} "
        f"FROM {UsageDay._meta.db_table} WHERE day >= %s AND day < %s "
        f"GROUP BY {', '.join(names)}"
    )
    days = [connection.ops.adapt_datefield_value(day) for day in (first, first, end)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [grain.value, *days])
