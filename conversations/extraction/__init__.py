"""Reading of strangers' files in a child process: what they are, their text, and small pictures.

`read_file` (process.py) is for the site; it starts `child.py`, which alone decodes pictures and
documents, within limits on memory, processor time and output and without a network. The package
knows nothing of ours and nothing of Django, so that the child starts quickly.
"""
