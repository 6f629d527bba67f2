"""A Dask cluster as the place where units run: reached, of this very code, and watched."""

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any
from urllib.parse import urlsplit

from ... import __version__
from ...cache import source_digest
from ...errors import InputError
from .workers import WATCH_S, Pool

_LOG = logging.getLogger(__name__)
CONNECT_S = 10
PATIENCE_S = 15.0
"""How long a cluster may be without workers: those that were restarted come back sooner."""


@contextlib.contextmanager
def cluster_workers(address: str) -> Iterator[Pool]:
    """The threads of a Dask cluster.

    Raises
    ------
    InputError
        Dask is not installed, nothing answers at the address, the cluster has no worker, or one
        without this version of the package; or all workers, or the scheduler, are lost.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise InputError(
            "--scheduler: needs distributed, expected it installed: pip install 'popbridge[dist]'"
        ) from None
    with _silent("distributed"):
        try:
            _require_greeting(address)
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError):
            raise InputError(
                f"--scheduler: found no Dask scheduler at {address!r}, expected its address, such "
                "as tcp://HOST:8786"
            ) from None
        with client:
            threads = client.nthreads()
            if not threads:
                raise InputError(
                    f"--scheduler: found no worker at {address!r}, expected at least one"
                )
            _require_same_code(client)
            try:
                executor = client.get_executor(pure=False)
                yield Pool(executor, sum(threads.values()), _watch(client, set(threads)))
            except (KilledWorker, CancelledError, OSError) as error:
                if isinstance(error, OSError) and client.status == "running":
                    raise
                raise InputError(
                    f"--scheduler: found {address!r} lost in the middle of the work; what is "
                    "finished is kept: run the same again"
                ) from None
            except ImportError as error:
                raise InputError(
                    f"--scheduler: found a worker without what is needed ({error}), expected "
                    f"popbridge {__version__} on each"
                ) from None


def _require_greeting(address: str) -> None:
    """Raise OSError unless a plain address greets whoever connects, as a scheduler does.

    Dask's own client waits for ever for one that says nothing (2026.8).
    """
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    if place.scheme == "tcp" and place.hostname and place.port:
        with socket.create_connection((place.hostname, place.port), CONNECT_S) as connection:
            if not connection.recv(1):
                raise ConnectionError(f"{address}: found no greeting")


@contextlib.contextmanager
def _silent(name: str) -> Iterator[None]:
    """What a library logs in many lines, our messages say in one."""
    names = [name, *(each for each in logging.root.manager.loggerDict if each.startswith(name))]
    levels = {each: logging.getLogger(each).level for each in names}
    for each in names:
        logging.getLogger(each).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in levels.items():
            logging.getLogger(each).setLevel(level)


def _require_same_code(client: Any) -> None:
    """Raise InputError unless every worker has this package with these very files."""

    # Within a function: it goes to the workers as it is, not as a name of a module they may lack.
    def code_there() -> tuple[str, str]:
        try:
            from importlib.metadata import version

            from popbridge.cache import source_digest

            return version("popbridge"), source_digest()
        except Exception as error:
            return "", f"{type(error).__name__}: {error}"

    here = (__version__, source_digest())
    there = client.run(code_there)
    for worker, (version, digest) in there.items():
        if (version, digest) == here:
            continue
        found = "no popbridge that can be imported" if not version else f"popbridge {version}"
        if version == __version__:
            found += " with other source files"
        raise InputError(
            f"--scheduler: found {found} on the worker {worker}, expected {__version__}, the same "
            "as here"
        )


def _watch(client: Any, seen: set[str]) -> Callable[[], None]:
    """Tells of each worker that is lost, in one line; raises when none has been left for long."""
    looked_s = alone_since_s = time.monotonic()

    def watch() -> None:
        nonlocal looked_s, alone_since_s, seen
        if client.status != "running" or time.monotonic() < looked_s + WATCH_S:
            return
        present = set(client.nthreads())
        looked_s = time.monotonic()
        for worker in sorted(seen - present):
            _LOG.warning("%s: found the worker lost, %d are left", worker, len(present))
        seen = present
        if present:
            alone_since_s = looked_s
        elif looked_s > alone_since_s + PATIENCE_S:
            raise InputError(
                "--scheduler: found no worker left; what is finished is kept: run the same again"
            )

    return watch
