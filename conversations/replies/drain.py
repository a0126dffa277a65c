"""The end of a process: replies may finish, then they are ended, and only then it exits.

gunicorn's master kills a worker before the worker's own clean-up runs, so its configuration file
calls these a few seconds earlier (runtime.md, 2.3).
"""

from conversations.replies.engine import Engine


def begin():
    """Take no more work: what is queued is for other processes."""
    if Engine.serving is not None:
        Engine.serving.draining = True


def idle():
    """Whether nothing is being written here."""
    return Engine.serving is None or Engine.serving.load == 0


async def finish_now():
    """End what is still being written as interrupted; all rows are final afterwards."""
    if Engine.serving is not None:
        await Engine.serving.interrupt_all()
