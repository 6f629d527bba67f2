"""Which events a random scenario has: a function of the seed and of the scenario's number."""

import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path

from ...hdl.config import LayerConfig, NetworkConfig
from ...sim.simulators.job_folder import JOB_VARIABLE, SCENARIOS_VARIABLE

PLAN_FILE = "scenarios.json"
"""In the job's folder: what `write_plan` wrote."""
SEEN_FILE = "events.txt"
"""In the job's folder: a line for each event that ended well, scenario number first."""

EVENTS = (
    "stalls",
    "stop and start",
    "soft reset",
    "no such register",
    "read-only register",
    "any register",
    "times refused",
    "times accepted",
    "frames of wrong length",
    "unresolved",
)
"""What may happen beside hard resets."""
EVENTS_PER_SCENARIO = 3
RESETS_PER_SCENARIO = 2
FEW = 8
"""Scenarios where nobody has planned any."""


@dataclass(frozen=True)
class Reset:
    """A hard reset while a layer's sequencer is in a state."""

    layer: int
    state: str

    def __str__(self) -> str:
        return f"hard reset in {self.state} of layer {self.layer}"


def states_of(layer: LayerConfig) -> list[str]:
    """The states of a layer's sequencer; dead times may be 0, but the bus can change that."""
    states = ["IDLE", "PRECHARGE", "DEAD_BEFORE_EVALUATE", "EVALUATE", "STROBE"]
    states.append("DEAD_AFTER_STROBE")
    if layer.bits_per_input > 1:
        states += ["SHARE", "DEAD_AFTER_SHARE"]
    if layer.bits_per_input > 1 or layer.trials > 1:
        states.append("SETTLE")
    return states


def every_reset(config: NetworkConfig) -> list[Reset]:
    """A hard reset in each state of each layer."""
    return [
        Reset(index, state)
        for index, layer in enumerate(config.layers)
        for state in states_of(layer)
    ]


def events_of(seed: int, number: int, count: int, config: NetworkConfig) -> list[str | Reset]:
    """A scenario's events in order.

    Hard resets go round all states in an order of the seed's, so that few scenarios meet many.
    """
    draw = random.Random(f"{seed}, events of {number}")
    resets = every_reset(config)
    random.Random(f"{seed}, resets").shuffle(resets)
    first = number // count * RESETS_PER_SCENARIO
    events: list[str | Reset] = [
        resets[(first + place) % len(resets)] for place in range(RESETS_PER_SCENARIO)
    ]
    events += draw.sample(EVENTS, EVENTS_PER_SCENARIO)
    draw.shuffle(events)
    return events


def event_named(name: str) -> str | Reset:
    """The event that is shown so.

    Raises
    ------
    ValueError
        There is none.
    """
    if name in EVENTS:
        return name
    found = re.fullmatch(r"hard reset in (\w+) of layer (\d+)", name)
    if found is None:
        raise ValueError(f"event: found {name!r}, expected a hard reset or one of {list(EVENTS)}")
    return Reset(int(found[2]), found[1])


def write_plan(
    folder: Path, numbers: list[int], configurations: int, events: list[str] | None = None
) -> None:
    """Leave for the simulator which scenarios it is to run; all have `events`, if there are some
    given, and else their own."""
    plan = {"numbers": numbers, "configurations": configurations, "events": events}
    (folder / PLAN_FILE).write_text(json.dumps(plan), encoding="utf-8")


def read_plan() -> tuple[list[int], int, list[str | Reset] | None]:
    """The scenarios to run, the number of configurations, and the events if they are planned;
    without a plan the first few of one.

    Outside a simulator one, which is never run.
    """
    folder = os.environ.get(JOB_VARIABLE)
    if folder is None:
        return [0], 1, None
    path = Path(folder) / PLAN_FILE
    if not path.exists():
        return [*range(int(os.environ.get(SCENARIOS_VARIABLE, FEW)))], 1, None
    plan = json.loads(path.read_text(encoding="utf-8"))
    events = None if plan["events"] is None else [*map(event_named, plan["events"])]
    return plan["numbers"], plan["configurations"], events
