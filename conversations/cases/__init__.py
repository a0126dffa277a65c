"""Cases: conversations as a zip for somebody who has to judge them, with all that belongs to them
and a manifest by which each byte can be checked.

`archive` writes the zip while it is sent, `record` makes a conversation a JSON document, `page` and
`markdown` make it a page and a text to read, `manifest` lists the members with their SHA-256 and
checks them.
"""
