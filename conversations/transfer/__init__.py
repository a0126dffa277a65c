"""Conversations as files: export to Markdown, JSON and zip, import from our JSON and ChatGPT's.

Export: `native_json` and `markdown_export` write one conversation, `account_archive` a zip of all
that a person has. Import: `native_json` and `chatgpt` read one conversation of a file into an
ImportedConversation, `bringing_in` stores it, and a `report.Report` says what came in.
"""
