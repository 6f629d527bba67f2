"""Speeds: each rate is that of its own work, by a clock that the work itself moves."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from popbridge.bnn.network_file import write_network
from popbridge.study import speeds as module
from popbridge.study.speeds import SpeedsRequest, best_rate, speeds

TICK_S = 1e-6
"""Every look at the clock takes so long."""


class Clock:
    """Moved by whatever works."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        self.now_s += TICK_S
        return self.now_s

    def taking(self, seconds, result=None):
        """Work that takes so long."""

        def work(*given, **named):
            self.now_s += seconds
            return result

        return work


@pytest.fixture
def clock():
    return Clock()


def test_the_best_of_three_runs_counts_and_the_first_one_never(clock):
    durations = iter([1.0, 8.0, 4.0, 16.0])
    assert best_rate(clock, 100, lambda: clock.taking(next(durations))()) == pytest.approx(25)
    assert next(durations, None) is None


def test_every_rate_is_that_of_its_own_work(clock, make_network, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "simulator_versions", lambda simulator: {"verilator": "5"})
    outcome = SimpleNamespace(seconds=0.5, peak_rss_bytes=12345)
    monkeypatch.setattr(module, "simulate", clock.taking(3.0, outcome))
    monkeypatch.setattr(module.software, "run", clock.taking(2.0))
    monkeypatch.setattr(module.software, "layer_outputs", clock.taking(4.0))
    monkeypatch.setattr(module, "physics_of", clock.taking(1.0, []))
    monkeypatch.setattr(module, "run_chip", clock.taking(5.0))
    monkeypatch.setattr(module, "sweep", clock.taking(30.0))
    monkeypatch.setattr(module, "wrong_sign_probabilities", clock.taking(7.0))
    write_network(make_network((15, 11, 4)), tmp_path / "small.npz")
    (tmp_path / "macro.toml").write_text("rows = 11\ncolumns = 40\n")
    request = SpeedsRequest(
        network=str(tmp_path / "small.npz"),
        macro=str(tmp_path / "macro.toml"),
        images=20,
        batch_images=200,
        sweep_chips=2,
    )
    result = speeds(request, clock=clock)
    cosim, software, montecarlo = result.cosim, result.software, result.montecarlo
    assert (cosim.images, cosim.images_per_s, cosim.peak_rss_bytes) == (20, 40, 12345)
    assert cosim.evaluations_per_s == 40 * (11 + 4)
    # Half a second in the simulation; the rest of three is the start.
    assert cosim.start_seconds == pytest.approx(2.5, rel=1e-4)
    # A result every 11 rows of 5 cycles and one more, and what the first one takes in addition.
    assert 20 * 56 <= cosim.cycles_per_s * 0.5 < 22 * 56
    assert software.images_per_s == pytest.approx(200 / 2, rel=1e-4)
    assert software.layer_images_per_s == pytest.approx(200 / 4, rel=1e-4)
    assert montecarlo.images_per_s == pytest.approx(200 / 5, rel=1e-4)
    assert montecarlo.gemm_images_per_s == pytest.approx(200 / TICK_S, rel=1e-4)
    assert montecarlo.chip_seconds == pytest.approx(1 + 5, rel=1e-4)
    assert montecarlo.chips_per_minute == pytest.approx(60 * 2 / 30, rel=1e-4)
    assert result.errors.seconds == pytest.approx(7, rel=1e-4)


def test_speeds_of_this_machine(monkeypatch, build_root):
    monkeypatch.chdir(Path(build_root).parent.parent)
    found = speeds(SpeedsRequest(images=20, batch_images=200, sweep_chips=2))
    assert found.cosim.peak_rss_bytes > 2**20 and found.montecarlo.peak_rss_bytes > 2**20
    rates = [*vars(found.cosim).values(), *vars(found.software).values()]
    assert min([*rates, *vars(found.montecarlo).values()]) > 0
    assert 0 < found.errors.seconds < 60
