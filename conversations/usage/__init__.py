"""Usage accounting: tokens and cost of each model call (Response), budgets, and usage reports."""

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
from conversations.usage.charges import replace_charges, store_charges
from conversations.usage.rollup import record, replace
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
    "replace",
    "replace_charges",
    "reserve",
    "settle",
    "standings",
    "store_charges",
]
