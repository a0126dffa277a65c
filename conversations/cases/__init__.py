"""Cases: exports of conversations for an investigation. A case is one zip file with the
conversations, everything that belongs to them, and a manifest with a checksum of each file in the
zip.

`archive` writes the zip while it is sent, `record` turns a conversation into a JSON document,
`reading` turns it into an HTML page and a Markdown text, `files` finds its attached files,
`manifest` checks a zip against its list of SHA-256 checksums.
"""
