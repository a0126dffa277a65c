"""Time limits over many awaits with a single timer; a timer for each await would cost too much."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

Result = TypeVar("Result")


class Deadline:
    """Context manager with a time limit for a whole call and one for each await made by `guard`.

    When either is reached, the await that `guard` runs is cancelled and TimeoutError raised. Unlike
    `asyncio.timeout` it may enclose the `yield` of a generator: between two guarded awaits, when
    other code runs in the task, it cancels nothing. Use it only in the task that made it.
    """

    def __init__(self, seconds: float, silence: float = math.inf) -> None:
        """Start the clock: `seconds` for the whole call, `silence` seconds for each guarded await.

        After a TimeoutError the attribute `silent` is True if it was `silence` that was exceeded.
        Raises RuntimeError outside of a task.
        """
        self.silent = False
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._task = task
        self._silence = silence
        self._end = self._limit = self._loop.time() + seconds
        # When the guarded await began; infinity while none is guarded.
        self._since = math.inf
        self._cancelled = False
        self._expired = False
        self._timer = self._arm()

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
        """Return the seconds left for the whole call, never negative; not affected by `shorten`."""
        return max(0.0, self._end - self._loop.time())

    def shorten(self, seconds: float) -> None:
        """Set the end of the whole call's time to `seconds` from now, if that is sooner, until
        `restore`."""
        self._set(min(self._end, self._loop.time() + seconds))

    def restore(self) -> None:
        """Set the end of the whole call's time back to what it was before `shorten`."""
        self._set(self._end)

    async def guard(
        self, function: Callable[..., Awaitable[Result]], *arguments: object, **named: object
    ) -> Result:
        """Await `function(*arguments, **named)` within the time limits and return its result.

        Raises TimeoutError when a limit is reached; the await has then been cancelled. Cancellation
        by others passes through as CancelledError.
        """
        if self._expired:
            raise TimeoutError
        asked_before = self._task.cancelling()
        self._since = self._loop.time()
        try:
            return await function(*arguments, **named)
        except asyncio.CancelledError:
            # Only the cancellation by this deadline becomes a TimeoutError; others go on.
            if self._cancelled and self._task.cancelling() == asked_before + 1:
                raise TimeoutError from None
            raise
        finally:
            self._since = math.inf
            if self._cancelled:
                self._cancelled = False
                self._task.uncancel()

    def _set(self, when: float) -> None:
        self._timer.cancel()
        self._expired = False
        self._limit = when
        self._timer = self._arm()

    def _arm(self) -> asyncio.TimerHandle:
        # The timer is not set anew for each await: `_expire` checks when the last one began.
        """Return a new timer for the earlier of the two limits."""
        began = min(self._since, self._loop.time())
        return self._loop.call_at(min(self._limit, began + self._silence), self._expire)

    def _expire(self) -> None:
        """Cancel the guarded await if a limit has been reached, else set the timer anew."""
        now = self._loop.time()
        self.silent = now < self._limit
        if self.silent and now < self._since + self._silence:
            self._timer = self._arm()
            return
        self._expired = True
        if self._since != math.inf:
            self._cancelled = True
            self._task.cancel()
