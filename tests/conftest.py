"""What tests of several folders share: small networks and jobs, made from a visible seed."""

import shutil
from pathlib import Path

import pytest
from support import jobs

from popbridge.cache import cache_folder
from popbridge.flow.verilog import controller_verilog
from popbridge.sim.simulators.suites import Suite, run_suite

SCENARIO_SEED = 20241132
"""By default: its first thirty scenarios have all events that there are."""
SUITES_REWRITTEN = {"COCOTB_REWRITE_ASSERTION_FILES": "*/tb/*/*.py"}
"""What pytest rewrites in each simulation, to tell more of what failed; all of NumPy takes long."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("random scenarios on both buses")
    group.addoption("--scenarios", type=int, default=30, help="how many, from number 0")
    group.addoption("--scenario", type=int, help="the number of one to run alone")
    group.addoption("--scenario-events", help="its events instead of its own, with ; between them")
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


# Functions of support.jobs by name, for tests that take them as fixtures.
make_network = pytest.fixture(lambda: jobs.make_network, name="make_network")
make_mapped = pytest.fixture(lambda: jobs.make_mapped, name="make_mapped")
make_job = pytest.fixture(lambda: jobs.make_job, name="make_job")


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

    `only` is a pattern of the tests to run, `folder` where all files go, `controller` the text of
    another controller than the job's.
    """

    def run(job, suite, only=None, folder=tmp_path, controller=None):
        text = controller_verilog(job.config) if controller is None else controller
        found = run_suite(
            Suite(
                sources={"controller.sv": text},
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
