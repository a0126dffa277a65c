"""Long requests: a decorator that marks views that take long, such as reports and exports.

Such a view may wait 30 seconds for the database instead of 4. It runs one at a time for each
person, and in at most half of the threads of a process (`chatsite/request_threads.py`).
"""


def long_work(view):
    """Mark `view` as one that takes long, and return it. The decorator has to be the outermost
    one."""
    view.is_long_work = True
    return view
