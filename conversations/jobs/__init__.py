"""Background jobs: long work in small pieces, resumable after a crash.

A view makes a Job row; `lease` claims it for a process, `runner` does it piece by piece beside the
other periodic tasks of the process, and `work` opens what a kind of job does: `import_work`,
`erase_work`. Each piece is one short transaction, which stores the cursor too.
"""

from conversations.jobs.runner import run_briefly

__all__ = ["run_briefly"]
