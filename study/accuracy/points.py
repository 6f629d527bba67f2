"""What a sweep goes over: every combination of condition, clock, supply and bit error rate."""

import itertools
from collections.abc import Sequence

from ...behav.neuron.error_law import error_law
from ...behav.parameters.chip import ChipParameters
from ...bnn.mapping import MappedNetwork
from ...errors import InputError
from ...hdl.config import MacroConfig, Readout
from ..presets import find_condition
from .chip import Point

PAPER_CLOCK_NS = 6.0
"""Clock of the error law without another one: the authors'."""
IDEAL = "ideal"
"""The condition without variation or noise."""


def conditions_of(names: Sequence[str]) -> list[tuple[str, ChipParameters | None]]:
    """Each condition by its name, a preset's or a TOML file's; None for `IDEAL`."""
    return [(name, None if name == IDEAL else find_condition(name)) for name in names]


def combinations(
    conditions: Sequence[tuple[str, ChipParameters | None]],
    clocks_ns: Sequence[float],
    supplies_v: Sequence[float],
    rates: Sequence[float],
    error_layers: tuple[str, ...],
) -> list[Point]:
    """Every combination; what is empty is left as the macro and the condition have it.

    Raises
    ------
    InputError
        A supply for the ideal condition.
    """
    return [
        Point(
            condition=name,
            parameters=_changed(name, parameters, clock_ns, vdd_v),
            clock_ns=clock_ns,
            bit_error_rate=rate,
            error_layers=error_layers,
        )
        for (name, parameters), clock_ns, vdd_v, rate in itertools.product(
            conditions, clocks_ns or (None,), supplies_v or (None,), rates or (None,)
        )
    ]


def _changed(
    name: str, parameters: ChipParameters | None, clock_ns: float | None, vdd_v: float | None
) -> ChipParameters | None:
    """A condition at this clock and supply."""
    if parameters is None:
        if vdd_v is not None:
            raise InputError(f"vdd: found with condition {name}, which has no supply")
        return None
    if vdd_v is not None:
        parameters = parameters.replace(bridge=parameters.bridge.at_supply(vdd_v))
    if clock_ns is not None and parameters.comparator.error_law:
        comparator = parameters.comparator.replace(error_law_clock_s=clock_ns / 1e9)
        parameters = parameters.replace(comparator=comparator)
    return parameters


def layers_with_errors(mapped: MappedNetwork, wanted: Sequence[str]) -> tuple[str, ...]:
    """Names of the layers that follow the published error law at a bit error rate.

    Without any wanted, as in the paper, the sign layers fed by hidden activations.

    Raises
    ------
    InputError
        A layer that is not there, reads counts or has inputs of several bits, or there is no such
        layer.
    """
    signs = [layer.name for layer in mapped.config.layers if layer.readout is Readout.SIGN]
    for name in wanted:
        if name not in signs:
            raise InputError(
                f"layers: found {name!r}, expected sign layers: {', '.join(signs) or 'none here'}"
            )
    bits = {layer.name: layer.bits_per_input for layer in mapped.config.layers}
    for name in wanted:
        if bits[name] > 1:
            raise InputError(
                f"layers: found {name!r} with inputs of {bits[name]} bits, expected inputs of 1: "
                "the published error law is for popcounts"
            )
    found = tuple(name for name in signs if name in wanted) if wanted else tuple(signs[1:])
    if not found:
        raise InputError(
            "ber: found no sign layer fed by hidden activations, expected layers to say where "
            "the errors are"
        )
    return found


def notes_of(points: Sequence[Point]) -> tuple[str, ...]:
    """What to know of the error laws at clocks that were not published, each once."""
    clocks_ns = [point.clock_ns for point in points if point.clock_ns and _by_law(point)]
    notes = [error_law(clock_ns / 1e9)[1] for clock_ns in clocks_ns]
    return tuple(dict.fromkeys(note for note in notes if note is not None))


def clock_of(point: Point, macro: MacroConfig) -> float:
    """Time of a SIGN row of a point, or the clock of its error law, ns."""
    if point.clock_ns is not None:
        return point.clock_ns
    if point.parameters is not None and point.parameters.comparator.error_law:
        return round(point.parameters.comparator.error_law_clock_s * 1e9, 9)
    return round(macro.slot_s(1) * 1e9, 9)


def _by_law(point: Point) -> bool:
    """Whether some comparator of a point follows the published error law."""
    by_condition = point.parameters is not None and point.parameters.comparator.error_law
    return point.bit_error_rate is not None or by_condition
