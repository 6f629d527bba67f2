"""Coroutines that run side by side and fail together."""

from collections.abc import Awaitable
from typing import Any, TypeVar

import cocotb
from cocotb.task import Task
from cocotb.triggers import Event, First

_Result = TypeVar("_Result")


class Tasks:
    """Coroutines of which the first that fails ends the run."""

    def __init__(self) -> None:
        self._failures: list[Exception] = []
        self._failed = Event()
        self._tasks: list[Task[None]] = []

    def start(self, *parts: Awaitable[Any]) -> None:
        """Run coroutines from now on."""
        self._tasks += [cocotb.start_soon(self._guarded(part)) for part in parts]

    async def _guarded(self, part: Awaitable[Any]) -> None:
        try:
            await part
        except Exception as failure:
            self._failures.append(failure)
            self._failed.set()

    async def until(self, *triggers: Any) -> None:
        """Wait for any trigger; raises the first failure if that comes before."""
        await First(*triggers, self._failed.wait())
        if self._failures:
            raise self._failures[0]

    async def result(self, part: Awaitable[_Result]) -> _Result:
        """Run a coroutine to its end beside the others, and give its result."""
        results: list[_Result] = []
        done = Event()

        async def last() -> None:
            results.append(await part)
            done.set()

        self.start(last())
        await self.until(done.wait())
        return results[0]

    def cancel(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
