"""The doctor: checks of an installation from end to end, one module for each subject.

Each module has a function `check` that returns a list of findings (`finding.Finding`), for
`manage.py doctor` and for the administration.
"""
