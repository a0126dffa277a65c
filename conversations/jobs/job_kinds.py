"""Work objects: each does one kind of background job (ImportWork, EraseWork, RetentionWork,
ErasePersonWork). They have these methods:

- `read()` returns the next piece of work, outside of any transaction; None at the end
- `store(piece)` does that piece, in a transaction
- `finish()` does what belongs to the end, in the transaction that ends the Job
- `fields()` returns a dict of the Job's columns after the last piece, by which it can be resumed
- `close()` closes files

After an exception the work object is discarded; a new one continues from the columns of the Job.
"""

from conversations.jobs.erase_person_work import ErasePersonWork
from conversations.jobs.erase_work import EraseWork
from conversations.jobs.import_work import ImportWork
from conversations.jobs.retention_work import RetentionWork
from conversations.models import Job

_KINDS = {
    Job.Kind.IMPORT: ImportWork,
    Job.Kind.EMPTY_TRASH: EraseWork,
    Job.Kind.ERASE: EraseWork,
    Job.Kind.RETENTION: RetentionWork,
    Job.Kind.ERASE_PERSON: ErasePersonWork,
}


def open_work(job):
    """Create and return the work object of a Job, to do the pieces that are not done yet.

    Raises OSError if the file of an import cannot be opened.
    """
    return _KINDS[job.kind](job)


def is_here(job):
    """Return True if this process can do the Job `job`: always, except that the file of an import
    must be on this machine."""
    return job.kind != Job.Kind.IMPORT or ImportWork.path_of(job).exists()
