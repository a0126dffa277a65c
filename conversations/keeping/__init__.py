"""Keeping: rules for how long conversations are kept, the deletion of those that are due, and legal
holds, which stop it.

`retention` applies the rules (days since the last message), `temporary` says who may or must have
temporary conversations, `removal` deletes a conversation for good or, under a legal hold, hides it
from its owner, `sweep` deletes all that is due, `erasure` deletes a person, `hold_signals` records
legal holds in the access log.
"""
