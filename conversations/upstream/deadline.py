"""A time limit for many awaits with one timer, where a timer for each would cost too much."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

Result = TypeVar("Result")


class Deadline:
    """Cuts short the await it guards when time is up.

    Unlike `asyncio.timeout` it may enclose the `yield` of a generator: between two guarded
    awaits, when other code runs in the task, it cancels nothing.
    """

    def __init__(self, seconds: float) -> None:
        """`seconds` from now, which is when it is made."""
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._end, self._expire)
        self._task: asyncio.Task | None = None
        self._cancelled = False
        self._expired = False

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    @property
    def remaining(self) -> float:
        """Seconds left of the whole time, never negative."""
        return max(0.0, self._end - self._loop.time())

    def shorten(self, seconds: float) -> None:
        """Let time be up `seconds` from now, if that is sooner."""
        self._set(min(self._end, self._loop.time() + seconds))

    def restore(self) -> None:
        """Undo `shorten`."""
        self._set(self._end)

    async def guard(
        self, function: Callable[..., Awaitable[Result]], *arguments: object, **named: object
    ) -> Result:
        """Call and await within the time left. Raises TimeoutError when it is up."""
        if self._expired:
            raise TimeoutError
        task = self._task = asyncio.current_task()
        asked_before = task.cancelling()
        try:
            return await function(*arguments, **named)
        except asyncio.CancelledError:
            # Somebody else's cancellation goes on; only our own ends here.
            if self._cancelled and task.cancelling() == asked_before + 1:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
            if self._cancelled:
                self._cancelled = False
                task.uncancel()

    def _set(self, when: float) -> None:
        self._timer.cancel()
        self._expired = False
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        self._expired = True
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()
