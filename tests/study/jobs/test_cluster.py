"""A Dask cluster of workers that lack the package, have another one, or are lost."""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from popbridge.errors import InputError
from popbridge.study.jobs import cluster
from popbridge.study.jobs.workers import run_units

distributed = pytest.importorskip("distributed", reason="needs the extra dist")

DOCTORED = {
    "lacks": ("import sys; sys.modules['popbridge'] = None", "no popbridge that can be imported"),
    "older": (
        "import importlib.metadata as m; real = m.version\n"
        "m.version = lambda name: '0.0.1' if name == 'popbridge' else real(name)",
        "popbridge 0.0.1",
    ),
    "edited": (
        "import popbridge.cache; popbridge.cache.source_digest = lambda *names: '0'",
        "with other source files",
    ),
}


@contextlib.contextmanager
def worker_of(address, early=None):
    """A worker in a process of its own, without a nanny; `early` runs when Python starts."""
    line = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
    line += ["--nthreads", "1", "--no-dashboard"]
    environment = dict(os.environ)
    if early is not None:
        environment["PYTHONPATH"] = str(early)
    process = subprocess.Popen(line, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler():
    with distributed.LocalCluster(
        n_workers=0, dashboard_address=None, processes=True, host="127.0.0.1"
    ) as there:
        yield there


def wait_for(there, workers):
    with distributed.Client(there.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


@pytest.mark.parametrize("doctored", DOCTORED)
def test_workers_of_other_code_are_one_line(doctored, scheduler, tmp_path):
    early, message = DOCTORED[doctored]
    (tmp_path / "sitecustomize.py").write_text(early)
    with worker_of(scheduler.scheduler_address, tmp_path):
        wait_for(scheduler, 1)
        with (
            pytest.raises(InputError, match=message) as found,
            cluster.cluster_workers(scheduler.scheduler_address),
        ):
            pass
    assert "\n" not in str(found.value)


def test_lost_workers_are_told_and_the_last_one_ends_it(scheduler, caplog, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 1.0)
    address = scheduler.scheduler_address
    with worker_of(address) as first, worker_of(address) as second:
        wait_for(scheduler, 2)
        with (
            caplog.at_level(logging.WARNING, "popbridge"),
            pytest.raises(InputError, match="no worker left"),
            cluster.cluster_workers(address) as pool,
        ):
            results = run_units(time.sleep, [0.1, 60.0], *pool)
            assert next(results) == (0.1, None)
            first.kill()
            with ThreadPoolExecutor(1) as later:
                later.submit(lambda: (time.sleep(4), second.kill()))
                next(results)
    told = [record.getMessage() for record in caplog.records]
    told = [line for line in told if line.startswith("tcp://")]
    assert len(told) == 2 and "1 are left" in told[0] and "0 are left" in told[1]


def test_a_port_that_says_nothing_is_no_scheduler(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        began_s = time.monotonic()
        with pytest.raises(InputError, match="found no Dask"), cluster.cluster_workers(address):
            pass
        assert time.monotonic() - began_s < 30
