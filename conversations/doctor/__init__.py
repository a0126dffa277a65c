"""Doctor: checks of an installation from end to end, one module for each subject.

The module of a subject has a function `check` that returns a list of `finding.Finding`.
`examination` calls them all, for `manage.py doctor` and for the administration. Some modules also
have the sentence by which `conversations.readiness` and the pages of an incomplete installation
name a forgotten step, such as migrations.
"""
