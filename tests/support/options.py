"""Every option of every configuration record, at its edges, and small networks that have them.

`EDGES` has an entry for each field of the records: a new field without one fails a test.
"""

import dataclasses
import itertools
import typing
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.bnn.mapping import MappedNetwork, map_network
from popbridge.errors import InputError
from popbridge.hdl.config import (
    ArrayGroup,
    DigitalLayerConfig,
    MacroConfig,
    NetworkConfig,
    PhaseTiming,
    ProgrammingConfig,
    Readout,
)
from popbridge.record import Record
from popbridge.sim.job import Job
from support.jobs import make_network

WORD = 2**64 - 1
"""The largest integer that a file may hold."""
PHASE = 2**16 - 1


class Edges(NamedTuple):
    """Values of a field: smallest, largest sensible, on and off."""

    run: tuple[Any, ...]
    """Built and run in a simulation; the one most likely to break is first."""
    built: tuple[Any, ...] = ()
    """Built, but too long, or too large, to run."""


PHASE_EDGES = Edges((1, 4), (PHASE,))
DEAD_TIME_EDGES = Edges((0, 1, 4), (PHASE,))
PULSE_EDGES = Edges((1, 4), (WORD,))
EDGES: dict[type[Record], dict[str, Edges]] = {
    ArrayGroup: {
        "name": Edges(("L",)),
        "inputs": Edges((1, 33)),
        "bias_columns": Edges((0, 8)),
        "neurons": Edges((1, 9)),
        "bits_per_input": Edges((2, 8)),
        "readout": Edges((Readout.SIGN, Readout.COUNT)),
    },
    MacroConfig: {
        "rows": Edges((1, 9), (999,)),
        "spare_rows": Edges((1,), (40,)),
        "columns": Edges((1, 40), (999,)),
        "votes": Edges((3, 7), (255,)),
        "trim_bits": Edges((1, 12)),
        "trim_strobes": Edges((1, 3), (255,)),
        "pipelined": Edges((True, False)),
        "zero_dead_time_allowed": Edges((True, False)),
        "programmable": Edges((True, False)),
    },
    PhaseTiming: {
        "clock_period_s": Edges((2e-12, 1e-9, 1e-6)),
        "precharge_cycles": PHASE_EDGES,
        "dead_before_evaluate_cycles": DEAD_TIME_EDGES,
        "evaluate_cycles": PHASE_EDGES,
        "strobe_cycles": PHASE_EDGES,
        "settle_cycles": PHASE_EDGES,
        "dead_after_strobe_cycles": DEAD_TIME_EDGES,
        "share_cycles": PHASE_EDGES,
        "dead_after_share_cycles": DEAD_TIME_EDGES,
        "bridge_cycles": Edges((1, 9), (PHASE,)),
    },
    ProgrammingConfig: {
        "columns_per_pulse": Edges((WORD, 1, 7)),
        "form_cycles": PULSE_EDGES,
        "set_cycles": PULSE_EDGES,
        "reset_cycles": PULSE_EDGES,
        "setup_cycles": PULSE_EDGES,
        "hold_cycles": PULSE_EDGES,
        "verify_settle_cycles": PULSE_EDGES,
        "first_level": Edges((1, 21), (WORD,)),
        "level_step": Edges((0, 1), (WORD,)),
        "most_retries": Edges((0, 3), (WORD,)),
        # Of the 5 and 3 columns in use: all ones in the counts of failing ones, and one more.
        "failure_limit": Edges((7, 0, 3, 4, 8, WORD)),
    },
    NetworkConfig: {
        "layers": Edges(((3, 2), (3, 2, 4, 2))),
        "offsets": Edges((-(2**31 - 16), 2**31 - 16)),
    },
}
"""Record to field to its edges. Fields that are records themselves are not in it."""
DIGITAL_EDGES = {
    "inputs": Edges((1, 2, 33)),
    "neurons": Edges((1, 2, 5)),
    "adder_levels_per_stage": Edges((1, 2, WORD)),
}
"""Those of `DigitalLayerConfig`, which is no part of a network."""

NEEDS = {
    "trim_strobes": {"trim_bits": 2},
    "spare_rows": {"rows": 42, "programmable": True},
    "share_cycles": {"bits_per_input": 2},
    "dead_after_share_cycles": {"bits_per_input": 2},
    "bridge_cycles": {"pipelined": True},
    **{name: {"programmable": True} for name in EDGES[ProgrammingConfig]},
}
"""Field to other fields without which it is without effect; options that are chosen go before."""


class Option(NamedTuple):
    """One field at one of its edges."""

    record: type[Record]
    field: str
    value: Any
    runs: bool
    """Short and small enough to be run."""

    def __str__(self) -> str:
        return f"{self.field}={self.value}".replace(" ", "")


SINGLES = [
    Option(record, field, value, value in edges.run)
    for record, fields in EDGES.items()
    for field, edges in fields.items()
    for value in (*edges.run, *edges.built)
]
RUN = [option for option in SINGLES if option.runs]


def pairs_of(options: Sequence[Option]) -> list[tuple[Option, Option]]:
    """All pairs of options of two fields."""
    return [pair for pair in itertools.combinations(options, 2) if pair[0].field != pair[1].field]


def fields_without_edges() -> set[str]:
    """Fields of the records, records themselves aside, that have no entry, and the reverse."""
    tables = EDGES | {DigitalLayerConfig: DIGITAL_EDGES}
    differing = set()
    for record, edges in tables.items():
        kinds = typing.get_type_hints(record)
        plain = {
            item.name
            for item in dataclasses.fields(record)  # type: ignore[arg-type]
            if not (isinstance(kinds[item.name], type) and issubclass(kinds[item.name], Record))
        }
        differing |= {f"{record.__name__}.{name}" for name in plain ^ set(edges)}
    return differing


def network_with(*options: Option) -> MappedNetwork:
    """A small network with these options.

    Raises
    ------
    InputError
        They exclude each other.
    """
    chosen: dict[str, Any] = {}
    for option in options:
        chosen = NEEDS.get(option.field, {}) | chosen
    chosen |= {option.field: option.value for option in options}
    sizes = list(chosen.get("layers", (3, 2, 2)))
    sizes[0] = chosen.get("inputs", sizes[0])
    sizes[1] = chosen.get("neurons", sizes[1])
    if chosen.get("readout") is Readout.COUNT:
        del sizes[1:-1]

    def of(record: type[Record]) -> dict[str, Any]:
        return {name: chosen[name] for name in EDGES[record] if name in chosen}

    timing = PhaseTiming(**of(PhaseTiming))
    if 0 in of(PhaseTiming).values():
        chosen.setdefault("zero_dead_time_allowed", True)
    macro = MacroConfig(
        **{"rows": 2, "columns": 12} | of(MacroConfig),
        timing=timing,
        programming=ProgrammingConfig(**of(ProgrammingConfig)),
    )
    network = dataclasses.replace(
        make_network(sizes), bits_per_input=chosen.get("bits_per_input", 1)
    )
    if "offsets" in chosen:
        last = network.layers[-1]
        offsets = np.full(last.outputs, chosen["offsets"], dtype=np.int32)
        last = dataclasses.replace(last, offsets=offsets)
        network = dataclasses.replace(network, layers=(*network.layers[:-1], last))
    bias = chosen.get("bias_columns", 2 * (sizes[0] % 2) + (sizes[0] + 1) % 2)
    mapped = map_network(network, macro, {"layer0": bias} if len(sizes) > 2 else None)
    if "name" in chosen:
        first, *others = mapped.config.layers
        layers = (first.replace(name=chosen["name"]), *others)
        mapped = dataclasses.replace(mapped, config=mapped.config.replace(layers=layers))
    return mapped


def refusal_of(*options: Option) -> str | None:
    """Why no network has these options; None if one has."""
    try:
        network_with(*options)
    except InputError as error:
        return str(error)
    return None


def without_effect(row: Sequence[Option]) -> set[str]:
    """Fields of a row that leave other options of it without effect."""
    values = {option.field: option.value for option in row}
    needs = [NEEDS.get(name, {}) for name in values]
    return {
        name
        for needed in needs
        for name in needed
        if name in values and bool(values[name]) != bool(needed[name])
    }


def covering_rows(options: Sequence[Option]) -> Iterator[tuple[Option, ...]]:
    """Rows of options, one of each field at most, of which each pair that is possible is in one.

    Greedy: a row begins with a pair that is in none before, and takes what more of those it can,
    but nothing that leaves another option without effect, unless its first pair is so itself.
    """
    waiting = dict.fromkeys(pairs_of(options))
    while waiting:
        first = next(iter(waiting))
        del waiting[first]
        if refusal_of(*first):
            continue
        row, idle = [*first], without_effect(first)
        for pair in waiting:
            fields = {option.field for option in row}
            more = [option for option in pair if option not in row]
            if (
                fields.isdisjoint(option.field for option in more)
                and without_effect([*row, *more]) == idle
                and not refusal_of(*row, *more)
            ):
                row += more
        for pair in itertools.product(row, repeat=2):
            names = {option.field for option in pair}
            needed = {name for field in names for name in NEEDS.get(field, {})}
            if idle.isdisjoint(needed) or not idle.isdisjoint(names):
                waiting.pop(pair, None)
        yield tuple(row)


def job_with(*options: Option) -> Job:
    """Images through such a network, one if programmed first; calibrated where that is there."""
    mapped = network_with(*options)
    macro = mapped.config.layers[0].macro
    draw = np.random.default_rng(17)
    count = 1 if macro.programmable else 2
    images = draw.integers(0, mapped.network.input_top + 1, (count, mapped.network.inputs))
    return Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=ChipParameters().without_variation(),
        chip=2,
        seed=5,
        images=images.astype(np.uint8),
        program=macro.programmable,
        calibrate=macro.trim_bits > 0,
    )
