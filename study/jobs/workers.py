"""Where the units of a sweep run: this machine's cores, or a Dask cluster.

Not joblib: its workers outlive a parent that is killed (1.6.0: twenty seconds after SIGKILL all of
them were still there), and those of a killed sweep would keep its cores and its memory.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ...errors import InputError
from .main_guard import NO_GUARD, STARTING, end_if_starting

Result = TypeVar("Result")
Unit = TypeVar("Unit")
Watch = Callable[[], None]

LOST_WORKER = (
    "found a worker that was killed, or that ran out of memory; what is finished is kept: run the "
    "same again, with fewer --workers"
)
WATCH_S = 1.0
_QUEUED_PER_WORKER = 2
"""Units handed over ahead of time: no worker waits, and memory does not grow with the sweep."""


def unwatched() -> None:
    """Nothing to watch: an executor of this machine tells of its workers by itself."""


class Pool(NamedTuple):
    """Who works, as `run_units` takes it."""

    executor: Executor
    workers: int
    watch: Watch = unwatched
    """Called about every `WATCH_S`: tells of workers that are lost, raises when all are."""


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def local_workers(count: int) -> Iterator[Pool]:
    """`count` processes of this machine.

    What they do, and the programs that they have started, ends at once with an exception.

    Raises
    ------
    InputError
        The script that calls has no main guard, so that each worker would call, too; or a worker
        was killed.
    """
    end_if_starting()
    context = multiprocessing.get_context("spawn")
    goes_on, ends = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="popbridge-workers-") as folder:
        unguarded = Path(folder) / "unguarded"
        pool = ProcessPoolExecutor(count, context, initializer=_begin_worker, initargs=(goes_on,))
        os.environ[STARTING] = str(unguarded)
        try:
            yield Pool(pool, count)
        except BrokenProcessPool:
            raise InputError(NO_GUARD if unguarded.exists() else LOST_WORKER) from None
        except BaseException:
            ends.close()
            raise
        finally:
            os.environ.pop(STARTING, None)
            pool.shutdown(cancel_futures=True)
            ends.close()
            goes_on.close()


def _begin_worker(goes_on: multiprocessing.connection.Connection) -> None:
    """Ctrl-C is the parent's to answer; a worker does not outlive a parent that was killed."""
    os.environ.pop(STARTING, None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        ends = (parent.sentinel, goes_on)
        threading.Thread(target=_end_with, args=(ends,), daemon=True).start()


def _end_with(ends: Sequence[Any]) -> None:
    multiprocessing.connection.wait(ends)
    os._exit(1)


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Who works: processes of this machine, or a Dask cluster."""

    count: int | None = None
    """Processes; one per core without it."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose cluster works instead."""

    @contextlib.contextmanager
    def started(self, units: int) -> Iterator[tuple[Pool | None, int]]:
        """Who works, and the threads of each unit.

        None instead: so few units are best done in this process.
        """
        if self.scheduler is not None:
            from .cluster import cluster_workers

            with cluster_workers(self.scheduler) as cluster:
                yield cluster, 1
            return
        cores = self.count or available_cores()
        if units <= 1 or cores == 1:
            yield None, cores
            return
        with local_workers(min(units, cores)) as pool:
            yield pool, 1


ALL_CORES = Workers()


def run_units(
    work: Callable[[Unit], Result],
    units: Iterable[Unit],
    executor: Executor,
    workers: int,
    watch: Watch = unwatched,
) -> Iterator[tuple[Unit, Result]]:
    """Run units on an executor; yields each with its result, in the order in which they finish."""
    waiting = iter(units)
    running: dict[Future[Result], Unit] = {}

    def fill() -> None:
        for unit in waiting:
            running[executor.submit(work, unit)] = unit
            if len(running) >= _QUEUED_PER_WORKER * workers:
                return

    fill()
    while running:
        finished, _ = wait(running, WATCH_S, return_when=FIRST_COMPLETED)
        watch()
        for future in finished:
            yield running.pop(future), future.result()
        fill()
