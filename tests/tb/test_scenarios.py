"""Random scenarios on both buses; each that fails is named with the command that repeats it."""

import collections
import dataclasses
import itertools
import random
import re
import shlex

import numpy as np
import pytest
from amaranth.hdl import ResetInserter
from support.jobs import make_network

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MacroConfig
from popbridge.hdl.controller import controller as network
from popbridge.hdl.layer import dense_layer
from popbridge.shrinking import shrunk
from popbridge.sim.job import Job
from popbridge.tb.suites.scenario_plan import (
    EVENTS,
    EVENTS_PER_SCENARIO,
    RESETS_PER_SCENARIO,
    SEEN_FILE,
    Reset,
    event_named,
    events_of,
    every_reset,
    write_plan,
)

SUITE = "popbridge.tb.suites.scenarios"
IMAGES = 6
SEED = 3
"""Of the tests of the scenarios themselves."""

NO_DEAD_TIMES = {
    "zero_dead_time_allowed": True,
    "dead_before_evaluate_cycles": 0,
    "dead_after_strobe_cycles": 0,
    "dead_after_share_cycles": 0,
}
CONFIGURATIONS = {
    # Name: sizes, bits per input, what the macro and its times have beside 32 columns.
    "votes": ((40, 4, 3), 1, {"rows": 2, "votes": 3, "columns": 64}),
    "pipelined": ((9, 7, 3), 1, {"rows": 4, "pipelined": True, "bridge_cycles": 6}),
    "bit planes": ((13, 4, 3), 3, {"rows": 2}),
    "no dead times": ((9, 6, 2), 1, {"rows": 3, **NO_DEAD_TIMES}),
    "three layers": ((9, 4, 6, 2), 1, {"rows": 3, "settle_cycles": 2}),
    "bit planes in a pipelined macro": (
        (12, 5, 2), 2, {"rows": 3, "pipelined": True, "votes": 3, **NO_DEAD_TIMES},
    ),
}  # fmt: skip


def configuration_of(seed, number, count):
    """Which of `count` configurations a scenario has: each once in `count` scenarios in a row."""
    order = list(range(count))
    random.Random(f"{seed}, block {number // count}").shuffle(order)
    return order[number % count]


def scenario_job(name, seed):
    sizes, bits, settings = CONFIGURATIONS[name]
    macro, settings = MacroConfig(columns=32), dict(settings)
    own = {field.name for field in dataclasses.fields(MacroConfig)}
    timing = {key: settings.pop(key) for key in [*settings] if key not in own}
    # The macro is checked as a whole: first what allows its times.
    macro = macro.replace(**settings)
    macro = macro.replace(timing=macro.timing.replace(**timing))
    given = dataclasses.replace(make_network(sizes), bits_per_input=bits)
    mapped = map_network(given, macro)
    draw = np.random.default_rng(seed)
    return Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=CONDITIONS["nominal"],
        chip=None,
        seed=seed,
        images=draw.integers(0, 2**bits, (IMAGES, sizes[0]), dtype=np.uint8),
    )


def run_scenarios(run_tests, job, numbers, folder, events=None):
    """Runs scenarios of one configuration; gives tests, failures, the log, the events seen."""
    folder.mkdir()
    write_plan(folder, numbers, len(CONFIGURATIONS), events)
    tests, failures, log = run_tests(job, SUITE, folder=folder)
    seen = (folder / SEEN_FILE).read_text().splitlines() if (folder / SEEN_FILE).exists() else []
    return tests, failures, log, [line.partition(" ")[2] for line in seen]


def repeat_command(number, seed):
    return f"pytest {__file__} --scenario {number} --scenario-seed {seed}"


def shrink_scenario(run_tests, job, number, folder):
    """The fewest events of a scenario that still fails, each tried in the simulator."""
    folder.mkdir()
    runs = itertools.count()

    def fails(events):
        _, failures, _, _ = run_scenarios(
            run_tests, job, [number], folder / str(next(runs)), events
        )
        return failures > 0

    events = events_of(job.seed, number, len(CONFIGURATIONS), job.config)
    return shrunk([*map(str, events)], fails)


def report_shrunk(run_tests, job, log, folder):
    """The first failed scenario with the fewest events, and the command that repeats it."""
    number = min(int(found) for found in re.findall(r"scenario (\d+) of seed", log))
    events = "; ".join(shrink_scenario(run_tests, job, number, folder))
    return f"{repeat_command(number, job.seed)} --scenario-events {shlex.quote(events)}"


def report_failures(log, seed):
    """A line for each failed scenario, and the command that repeats it alone."""
    found = sorted(set(re.findall(r"AssertionError: (scenario (\d+) of seed .*)", log)))
    return "\n".join(f"{line}\n  {repeat_command(number, seed)}" for line, number in found)


def test_random_scenarios(run_tests, tmp_path, pytestconfig, capsys):
    pytest.importorskip("cocotbext.axi")
    seed = pytestconfig.getoption("scenario_seed")
    alone = pytestconfig.getoption("scenario")
    numbers = range(pytestconfig.getoption("scenarios")) if alone is None else [alone]
    words = pytestconfig.getoption("scenario_events")
    planned = None if words is None else [word.strip() for word in words.split(";") if word.strip()]
    events, failed, wanted = collections.Counter(), [], set(EVENTS)
    for index, name in enumerate(CONFIGURATIONS):
        chosen = [n for n in numbers if configuration_of(seed, n, len(CONFIGURATIONS)) == index]
        if not chosen:
            continue
        job = scenario_job(name, seed)
        wanted |= {reset.state for reset in every_reset(job.config)}
        tests, failures, log, seen = run_scenarios(
            run_tests, job, chosen, tmp_path / str(index), planned
        )
        assert tests == len(chosen), log[-3000:]
        if failures:
            failed.append(f"{name}: {report_failures(log, seed) or log[-3000:]}")
            if planned is None and report_failures(log, seed):
                folder = tmp_path / f"{index} shrunk"
                failed.append(f"fewest events: {report_shrunk(run_tests, job, log, folder)}")
        events.update(re.sub(r"hard reset in (\w+) of layer \d+", r"\1", event) for event in seen)
    with capsys.disabled():
        counts = ", ".join(f"{name} {count}" for name, count in sorted(events.items()))
        print(f"\n{len(numbers)} scenarios, seed {seed}: {counts}")
    assert not failed, "\n".join(failed)
    if len(numbers) >= 50:
        assert not wanted - set(events), "events that no scenario had"


def layers_go_on(reset):
    """A soft reset that leaves the layers out."""

    def restarted(block):
        return block if isinstance(block, dense_layer.DenseLayer) else ResetInserter(reset)(block)

    return restarted


MUTANTS = {
    # Name: what is replaced, by what, the configuration, what every failed scenario was at.
    "a soft reset forgets the layers": (
        (network, "ResetInserter"), layers_go_on, "votes", "soft reset",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_caught(name, run_tests, tmp_path, monkeypatch):
    pytest.importorskip("cocotbext.axi")
    place, mutant, configuration, event = MUTANTS[name]
    monkeypatch.setattr(*place, mutant)
    index, count = list(CONFIGURATIONS).index(configuration), len(CONFIGURATIONS)
    job = scenario_job(configuration, SEED)
    numbers = [
        number
        for number in range(100)
        if configuration_of(SEED, number, count) == index
        and any(str(each).startswith(event) for each in events_of(SEED, number, count, job.config))
    ][:4]
    tests, failures, log, _ = run_scenarios(run_tests, job, numbers, tmp_path / "mutant")
    report = report_failures(log, SEED)
    assert tests == len(numbers)
    assert 0 < failures == report.count(f", {event}")
    assert f"--scenario-seed {SEED}" in report
    shorter = report_shrunk(run_tests, job, log, tmp_path / "shrunk")
    left = shlex.split(shorter)[-1].split("; ")
    assert event in left and len(left) < EVENTS_PER_SCENARIO
    number = int(re.search(r"--scenario (\d+) ", shorter)[1])
    _, failures, _, _ = run_scenarios(run_tests, job, [number], tmp_path / "again", left)
    assert failures == 1


def test_events_are_found_by_their_names():
    config = scenario_job("bit planes", SEED).config
    for event in (*EVENTS, *every_reset(config)):
        assert event_named(str(event)) == event
    with pytest.raises(ValueError, match="found 'none', expected a hard reset or one of"):
        event_named("none")


def test_events_are_a_function_of_seed_and_number():
    config = scenario_job("votes", SEED).config
    count = len(CONFIGURATIONS)
    for first in range(0, 60, count):
        block = [configuration_of(SEED, n, count) for n in range(first, first + count)]
        assert sorted(block) == list(range(count))
    met = set()
    for number in range(0, count * len(every_reset(config)), count):
        events = events_of(SEED, number, count, config)
        assert events == events_of(SEED, number, count, config)
        resets = {event for event in events if isinstance(event, Reset)}
        assert len(resets) == RESETS_PER_SCENARIO
        assert len(events) == RESETS_PER_SCENARIO + EVENTS_PER_SCENARIO
        met |= resets
    assert met == set(every_reset(config))
    assert events_of(SEED, 0, count, config) != events_of(SEED + 1, 0, count, config)
