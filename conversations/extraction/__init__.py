"""Extraction: reads untrusted files in a child process, to get their kind, their text and
re-encoded pictures.

`read_file` and `read_pages` (process.py) are for the site; they start `child.py`, which alone
decodes pictures and documents, with limits on memory, processor time and output and without a
network. The package imports neither Django nor other code of this site, so that the child process
starts quickly.
"""
