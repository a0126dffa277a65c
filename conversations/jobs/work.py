"""What a kind of job does, as an object with these methods:

- `read()`: the next piece, outside of any transaction; None at the end
- `store(piece)`: stores it, in a transaction
- `fields()`: the fields of the Job after the last piece, cursor and report among them
- `close()`: lets go of files

A work that failed in between is thrown away, and another one goes on from the Job's cursor.
"""

from conversations.jobs.erase_work import EraseWork
from conversations.jobs.import_work import ImportWork
from conversations.models import Job

_KINDS = {
    Job.Kind.IMPORT: ImportWork,
    Job.Kind.EMPTY_TRASH: EraseWork,
    Job.Kind.ERASE: EraseWork,
}


def open_work(job):
    """The work of a Job, from its cursor on."""
    return _KINDS[job.kind](job)


def is_here(job):
    """Whether this process can do it: a file may lie on another machine."""
    return job.kind != Job.Kind.IMPORT or ImportWork.path_of(job).exists()
