"""The books: what calls use and cost, budgets, and reports that are sums over few rows."""

from conversations.usage.budgets import (
    OverBudget,
    OverLimit,
    TooFast,
    TooMany,
    may_spend,
    nearly_used_up,
    reserve,
    standings,
)
from conversations.usage.rollup import record
from conversations.usage.settlement import BEFORE, settle

__all__ = [
    "BEFORE",
    "OverBudget",
    "OverLimit",
    "TooFast",
    "TooMany",
    "may_spend",
    "nearly_used_up",
    "record",
    "reserve",
    "settle",
    "standings",
]
