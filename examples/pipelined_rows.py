"""Rows one after the other against rows that overlap, for bridges of several speeds.

Prints the table of docs/hardware.md. Bridges have from their word line's rise to the first strobe,
or, in a pipelined macro, to evaluate: a macro without latches has to lengthen evaluate for slow
bridges, one with latches lets them settle while the row before is strobed.
"""

import itertools
import math

from popbridge.bnn.catalog import find_network
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MACROS, LayerConfig, MacroConfig

BRIDGE_TIMES_NS = (4, 8, 16, 32, 64)
VOTES = (1, 9)
TITLES = (
    "votes", "bridges need, ns", "cycles per row", "pipelined", "evaluations/us", "pipelined",
    "strobe slots busy, pipelined",
)  # fmt: skip


def macros(bridge_s: float, votes: int) -> tuple[MacroConfig, MacroConfig]:
    """The macro without and with latches whose bridges have at least `bridge_s`."""
    pipelined = MACROS["pipelined"].replace(votes=votes)
    timing = pipelined.timing
    cycles = math.ceil(bridge_s / timing.clock_period_s)
    evaluate = max(timing.evaluate_cycles, cycles - timing.before_evaluate_cycles)
    sequential = pipelined.replace(pipelined=False, timing=timing.replace(evaluate_cycles=evaluate))
    return sequential, pipelined.replace(timing=timing.replace(bridge_cycles=cycles))


def speed(layer: LayerConfig) -> float:
    """Evaluations per microsecond over a whole scan."""
    return layer.neurons / (layer.scan_cycles * layer.macro.timing.clock_period_s * 1e6)


def table() -> str:
    """The table, as Markdown, of the shipped network's second layer."""
    lines = [f"| {' | '.join(TITLES)} |", "|" + "---|" * len(TITLES)]
    for votes, bridge_ns in itertools.product(VOTES, BRIDGE_TIMES_NS):
        sequential, pipelined = (
            map_network(find_network("mnist"), macro).config.layers[1]
            for macro in macros(bridge_ns * 1e-9, votes)
        )
        cells = [
            votes, bridge_ns, sequential.row_cycles, pipelined.row_cycles,
            f"{speed(sequential):.0f}", f"{speed(pipelined):.0f}",
            f"{pipelined.strobe_slots_busy:.1%}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
