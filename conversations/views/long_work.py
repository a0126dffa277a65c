"""Long requests: a decorator of views that read much, such as reports and exports.

They may wait 30 seconds for the database instead of 4, but one at a time for each person and in at
most half of the threads of a process (`chatsite/request_threads.py`).
"""


def long_work(view):
    """A decorator that marks a view as long; it has to be the outermost one."""
    view.is_long_work = True
    return view
