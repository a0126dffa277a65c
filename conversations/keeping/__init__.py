"""Keeping: how long conversations are kept, what deletes them, and what stops that.

`retention` applies the rules (days since the last message), `temporary` says who may or must have
temporary conversations, `removal` deletes a conversation for good or, under a legal hold, hides it
from its owner, `holds` records holds in the access log.
"""
