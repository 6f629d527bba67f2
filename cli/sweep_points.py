"""What ``popbridge accuracy`` sweeps over: conditions, clocks, supplies, bit error rates."""

from __future__ import annotations

import argparse
import itertools
import sys
from typing import Any

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import check_bit_error_rate
from ..behav.parameters.chip import ChipParameters
from ..bnn.mapping import MappedNetwork
from ..errors import InputError
from ..hdl.config import MacroConfig, Readout
from ..study.accuracy.chip import Point
from ..study.presets import find_condition
from .show.output import progress

PAPER_CLOCK_NS = 6.0
"""Clock of the error law without ``--clock-ns``: the authors'."""
IDEAL = "ideal"
"""The condition without variation or noise."""


def add_point_options(parser: argparse.ArgumentParser) -> None:
    """Add the options whose combinations are the points, and ``--layers``."""
    parser.add_argument(
        "--condition", nargs="+", metavar="NAME", default=None,
        help=f"conditions: presets' names, TOML files or {IDEAL}; without it nominal, or {IDEAL} "
        "with --ber",
    )  # fmt: skip
    parser.add_argument(
        "--clock-ns", type=float, nargs="+", metavar="T", default=[None],
        help="times of a row, ns, and clocks of the error law; without it the macro's own timing, "
        f"and {PAPER_CLOCK_NS:g} for the error law",
    )  # fmt: skip
    parser.add_argument(
        "--vdd", type=float, nargs="+", metavar="V", default=[None],
        help="supplies, V; without it the condition's own",
    )  # fmt: skip
    parser.add_argument(
        "--ber", type=float, nargs="+", metavar="P", default=[None],
        help="bit error rates: the layers of --layers follow the published error law at each "
        "instead of the condition",
    )  # fmt: skip
    parser.add_argument(
        "--layers", nargs="+", metavar="NAME", default=None,
        help="layers that --ber acts on; without it, as in the paper, the sign layers fed by "
        "hidden activations",
    )  # fmt: skip


def selected_points(arguments: argparse.Namespace, mapped: MappedNetwork) -> list[Point]:
    """Every combination of the command line, in the order of its options.

    Raises
    ------
    InputError
        A value out of range, or options that do not go together.
    """
    by_rate = arguments.ber != [None]
    names = arguments.condition or [IDEAL if by_rate else "nominal"]
    layers = _error_layers(arguments, mapped) if by_rate else ()
    if arguments.layers is not None and not by_rate:
        raise InputError("--layers: found without --ber, expected both or neither")
    for rate in arguments.ber if by_rate else ():
        check_bit_error_rate(rate)
    conditions = [(name, _condition(name)) for name in names]
    clocks = [PAPER_CLOCK_NS] if by_rate and arguments.clock_ns == [None] else arguments.clock_ns
    return [
        _point(name, parameters, clock_ns, vdd_v, rate, layers)
        for (name, parameters), clock_ns, vdd_v, rate in itertools.product(
            conditions, clocks, arguments.vdd, arguments.ber
        )
    ]


def _condition(name: str) -> ChipParameters | None:
    return None if name == IDEAL else find_condition(name)


def _point(
    name: str,
    parameters: ChipParameters | None,
    clock_ns: float | None,
    vdd_v: float | None,
    rate: float | None,
    layers: tuple[str, ...],
) -> Point:
    if vdd_v is not None:
        if parameters is None:
            raise InputError(f"--vdd: found with condition {name}, which has no supply")
        parameters = parameters.replace(bridge=parameters.bridge.at_supply(vdd_v))
    if clock_ns is not None and parameters is not None and parameters.comparator.error_law:
        comparator = parameters.comparator.replace(error_law_clock_s=clock_ns / 1e9)
        parameters = parameters.replace(comparator=comparator)
    if clock_ns is not None and (rate is not None or _follows_law(parameters)):
        _, note = error_law(clock_ns / 1e9)
        if note is not None:
            progress("")
            print(note, file=sys.stderr)
    return Point(
        condition=name,
        parameters=parameters,
        clock_ns=clock_ns,
        bit_error_rate=rate,
        error_layers=layers,
    )


def _follows_law(parameters: ChipParameters | None) -> bool:
    return parameters is not None and parameters.comparator.error_law


def _error_layers(arguments: argparse.Namespace, mapped: MappedNetwork) -> tuple[str, ...]:
    signs = [layer.name for layer in mapped.config.layers if layer.readout is Readout.SIGN]
    if arguments.layers is None:
        if len(signs) < 2:
            raise InputError(
                "--ber: found no sign layer fed by hidden activations, expected --layers to say "
                "where the errors are"
            )
        return tuple(signs[1:])
    for name in arguments.layers:
        if name not in signs:
            raise InputError(
                f"--layers: found {name!r}, expected sign layers: {', '.join(signs) or 'none here'}"
            )
    return tuple(name for name in signs if name in arguments.layers)


def point_fields(point: Point, macro: MacroConfig) -> dict[str, Any]:
    """What a point is, for JSON."""
    clock_ns = point.clock_ns
    if clock_ns is None and point.parameters is not None and _follows_law(point.parameters):
        clock_ns = point.parameters.comparator.error_law_clock_s * 1e9
    if clock_ns is None:
        clock_ns = macro.slot_s(1) * 1e9
    return {
        "condition": point.condition,
        "clock_ns": round(clock_ns, 9),
        "vdd_v": None if point.parameters is None else point.parameters.bridge.vdd_v,
        "ber": point.bit_error_rate,
        "error_layers": list(point.error_layers),
    }
