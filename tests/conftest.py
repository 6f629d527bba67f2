"""What tests of several folders share: small networks and jobs, made from a visible seed."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn.mapping import MappedNetwork, map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.cache import cache_folder
from popbridge.flow.verilog import controller_verilog
from popbridge.hdl.config import MacroConfig
from popbridge.sim.job import Job
from popbridge.sim.simulators.suites import Suite, run_suite

SEED = 20241123
SCENARIO_SEED = 20241132
"""By default: its first thirty scenarios have all events that there are."""
SUITES_REWRITTEN = {"COCOTB_REWRITE_ASSERTION_FILES": "*/tb/*/*.py"}
"""What pytest rewrites in each simulation, to tell more of what failed; all of NumPy takes long."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("random scenarios on both buses")
    group.addoption("--scenarios", type=int, default=30, help="how many, from number 0")
    group.addoption("--scenario", type=int, help="the number of one to run alone")
    group.addoption(
        "--scenario-seed", type=int, default=SCENARIO_SEED, help="what all of them are drawn from"
    )
    group = parser.getgroup("nightly")
    group.addoption("--nightly", action="store_true", help="run the long tests, too")
    group = parser.getgroup("synthesis")
    group.addoption(
        "--renew-baseline", action="store_true", help="write tests/data/synth_baseline.json anew"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--nightly"):
        for item in items:
            if item.get_closest_marker("nightly"):
                item.add_marker(pytest.mark.skip(reason="long: run with --nightly"))


def random_network(sizes: Sequence[int], seed: int = SEED) -> Network:
    """A network of random weights, thresholds near 0 and offsets from -3 to 3."""
    draw = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weights = draw.choice(np.array([-1, 1], dtype=np.int8), (outputs, inputs))
        values = draw.integers(-3, 4, outputs, dtype=np.int32)
        last = len(layers) == len(sizes) - 2
        layers.append(DenseLayer(weights, **{"offsets" if last else "thresholds": values}))
    return Network("random", (sizes[0],), 128, tuple(layers))


@pytest.fixture
def make_network() -> Callable[..., Network]:
    return random_network


@pytest.fixture
def make_mapped() -> Callable[..., MappedNetwork]:
    def make(
        sizes: Sequence[int],
        rows: int = 8,
        columns: int = 64,
        votes: int = 1,
        pipelined: bool = False,
        **timing: int,
    ) -> MappedNetwork:
        macro = MacroConfig(rows=rows, columns=columns, votes=votes, pipelined=pipelined)
        macro = macro.replace(
            zero_dead_time_allowed=0 in timing.values(), timing=macro.timing.replace(**timing)
        )
        return map_network(random_network(sizes), macro)

    return make


@pytest.fixture
def make_job() -> Callable[..., Job]:
    def make(
        mapped: MappedNetwork,
        chip: int | None = None,
        images: int = 4,
        condition: str = "weak",
        seed: int = 5,
    ) -> Job:
        draw = np.random.default_rng(SEED)
        return Job(
            config=mapped.config,
            weights=mapped.weights,
            parameters=CONDITIONS[condition],
            chip=chip,
            seed=seed,
            images=draw.integers(0, 2, (images, mapped.network.inputs), dtype=np.uint8),
        )

    return make


@pytest.fixture(scope="session")
def build_root() -> Path:
    """The user's build cache, so that tests and demo build the same thing once."""
    return cache_folder()


@pytest.fixture(scope="session")
def icarus() -> str:
    """The name of the simulator, for tests that need it."""
    if not shutil.which("iverilog"):
        pytest.skip("needs Icarus Verilog: apt-get install iverilog")
    return "icarus"


@pytest.fixture
def run_tests(icarus, tmp_path):
    """Builds the controller and runs a suite of `tb`; gives tests run, tests failed, the log.

    `only` is a pattern of the tests to run, `folder` where all files go.
    """

    def run(job, suite, only=None, folder=tmp_path):
        found = run_suite(
            Suite(
                sources={"controller.sv": controller_verilog(job.config)},
                modules=[suite] if isinstance(suite, str) else suite,
                only=only,
                settings=SUITES_REWRITTEN,
            ),
            job,
            folder,
        )
        assert found.tests, found.log[-3000:]
        return found.tests, len(found.failures), found.log

    return run
