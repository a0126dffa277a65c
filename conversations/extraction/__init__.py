"""Extraction: reads strangers' files in a child process, to get their kind, their text and
re-encoded pictures.

`read_file` (process.py) is for the site; it starts `child.py`, which alone decodes pictures and
documents, with limits on memory, processor time and output and without a network. The package
imports neither Django nor other code of this site, so that the child process starts quickly.
"""
