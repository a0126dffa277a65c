"""Background jobs: long imports and deletions, done in small pieces and resumed after a crash.

A view creates a Job row; `lease` claims it for a process, `runner` does it piece by piece beside
the other periodic tasks of the process, and `work` creates the object that does a kind of job:
ImportWork or EraseWork. Each piece is one short transaction, which also stores how far the job is.
"""

from conversations.jobs.runner import run_briefly

__all__ = ["run_briefly"]
