"""The kinds of items and of content parts, one module each, found by `registry`.

A module has one subclass of Kind, its `type` as class attribute, and beside it the Look that its
template `conversations/items/<type>.html` shows. CONTRIBUTING.md says how to add one.
"""
