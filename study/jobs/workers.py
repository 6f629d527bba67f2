"""Where the units of a sweep run: this machine's cores, or a Dask cluster.

Not joblib: its workers outlive a parent that is killed (1.6.0: twenty seconds after SIGKILL all of
them were still there), and those of a killed sweep would keep its cores and its memory.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from ...errors import InputError

Result = TypeVar("Result")
Unit = TypeVar("Unit")

_CONNECT_S = 10
_QUEUED_PER_WORKER = 2
"""Units handed over ahead of time: no worker waits, and memory does not grow with the sweep."""


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def local_workers(count: int) -> Iterator[tuple[Executor, int]]:
    """An executor of `count` processes of this machine, and that count."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_begin_worker)
    try:
        yield pool, count
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to answer; a worker does not outlive a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=_end_with, args=(sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


@contextlib.contextmanager
def dask_workers(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on a Dask cluster, and the number of its threads.

    Raises
    ------
    InputError
        Dask is not installed, nothing answers at the address, or the cluster has no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--scheduler: needs distributed, expected it installed: pip install 'popbridge[dist]'"
        ) from None
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError):
        raise InputError(
            f"--scheduler: found no Dask scheduler at {address!r}, expected its address, such as "
            "tcp://HOST:8786"
        ) from None
    with client:
        threads = sum(client.nthreads().values())
        if threads == 0:
            raise InputError(f"--scheduler: found no worker at {address!r}, expected at least one")
        yield client.get_executor(pure=False), threads


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Who works: processes of this machine, or a Dask cluster."""

    count: int | None = None
    """Processes; one per core without it."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose cluster works instead."""

    @contextlib.contextmanager
    def started(self, units: int) -> Iterator[tuple[tuple[Executor, int] | None, int]]:
        """An executor with its number of workers, and the threads of each unit.

        None instead of the executor: so few units are best done in this process.
        """
        if self.scheduler is not None:
            with dask_workers(self.scheduler) as cluster:
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
    work: Callable[[Unit], Result], units: Iterable[Unit], executor: Executor, workers: int
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
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            yield running.pop(future), future.result()
        fill()
