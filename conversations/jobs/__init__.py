"""Background jobs: imports, erasures and other long deletions, done in short pieces and resumed
after a crash.

A view creates a Job row. `lease` claims it for one process, `runner` does it piece by piece in a
thread of its own, and `job_kinds` creates the object that does its kind of work (ImportWork,
EraseWork, RetentionWork or ErasePersonWork). Each piece is one short transaction, which also stores
the Job's progress.
"""

from conversations.jobs.runner import run_briefly

__all__ = ["run_briefly"]
