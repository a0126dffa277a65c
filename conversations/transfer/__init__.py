"""Export of conversations to Markdown, JSON and zip; import of the site's JSON and ChatGPT's.

Export: `native_json` and `markdown_export` write one conversation, `account_archive` a zip of all
that a person has. Import: `native_json` and `chatgpt` read one conversation of a file into an
ImportedConversation, `bringing_in` stores it, and a `report.Report` counts what was imported.
"""
