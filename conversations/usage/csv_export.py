"""CSV export of usage: the table of a report, and the comparison of reported costs, as rows of
cells and as bytes."""

import csv
import io
from decimal import Decimal

from conversations.usage.report_tables import FIGURES

# Columns in front of the figures, by what the rows are grouped by.
KEYS = {
    "person": ("username", "groups"),
    "group": ("group",),
    "model": ("model",),
    "day": ("day",),
    "conversation": ("conversation", "title"),
}
# Columns of the comparison of reported costs, after day and model. `reported_cost` is of all calls
# for which the gateway named a cost, `unpriced_cost` the part of it for which this site has no
# price, and the difference is that of the rest.
COST_COLUMNS = ("calls", "reported_cost", "unpriced_cost", "cost", "difference")
# How figures are written, by their type; whole numbers stay as they are.
_WRITTEN = {Decimal: "{:f}".format, float: "{:.3f}".format, type(None): lambda _unknown: ""}
_COST = list(FIGURES).index("cost")
ROWS_AT_A_TIME = 200


def lines_of(table):
    """Yield `table` (a report_tables.Table) as CSV in bytes, first the header, then ROWS_AT_A_TIME
    rows at a time."""
    yield lines([[*KEYS[table.by], *FIGURES]])
    rows = list(table_rows(table))
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield lines(rows[start : start + ROWS_AT_A_TIME])


def table_rows(table):
    """Yield the rows of `table` (a report_tables.Table), each a list of cells in the order of the
    columns KEYS and FIGURES."""
    for row in table.rows:
        first = [row.label]
        if table.by == "person":
            first.append(", ".join(row.groups))
        elif table.by == "conversation":
            first = [row.key or "", row.label]
        yield [harmless(cell) for cell in first] + _cells(row.sums)


def _cells(sums):
    """Return the figures of `sums` (reports.Sums) as a list of cells, numbers or text, in the order
    of FIGURES; "" for what is unknown, such as a cost of 0 where a call has no price."""
    figures = [figure(sums) for figure in FIGURES.values()]
    if not figures[_COST] and sums["unpriced"]:
        figures[_COST] = None  # unknown is not zero
    return [
        write(figure) if (write := _WRITTEN.get(type(figure))) else figure for figure in figures
    ]


def cost_rows(comparison):
    """Yield the rows of `comparison` (a reported_costs.Comparison), each a list of cells, the
    header first."""
    yield ["day", "model", *COST_COLUMNS]
    for row in comparison.rows:
        sums = row.sums
        amounts = (
            sums.reported_cost,
            sums.unmatched_cost,
            sums.matched_cost,
            sums.cost_difference,
        )
        yield [
            row.day.isoformat(),
            harmless(row.model),
            sums["cost_reports"],
            *(f"{amount:f}" for amount in amounts),
        ]


def harmless(cell):
    """Return `cell` as text that no spreadsheet takes for a formula: with "'" before a leading "=",
    "+", "-", "@", tab or line break (OWASP, "CSV injection")."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def lines(rows):
    """Return `rows` (lists of cells, already `harmless`) as lines of CSV: bytes in UTF-8."""
    return _written(rows).encode()


def harmless_lines(rows):
    """Return `rows` (iterables of cells) as the text of CSV lines: None becomes an empty cell, any
    other cell what `harmless` returns for it."""
    return _written(["" if cell is None else harmless(cell) for cell in row] for row in rows)


def _written(rows):
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()
