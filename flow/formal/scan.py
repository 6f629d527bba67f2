"""Properties of a layer's scan: lines, phases, order of rows, results, cycles."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Cat, Mux, Signal, Value

from ...hdl.config import LayerConfig, MacroConfig, PhaseTiming, Readout
from ...hdl.layer.dense_layer import DenseLayer
from .bench import Bench, Edit, Fault, Proof, Property, Signals, Task, also
from .layer_monitor import (
    PRECHARGED,
    SHARED,
    STROBED,
    LayerMonitor,
    at_most_one,
    changed,
    implies,
    past,
)
from .scan_lemmas import ScanLemmas

TIMING = PhaseTiming(
    dead_before_evaluate_cycles=2, evaluate_cycles=2, dead_after_share_cycles=2, bridge_cycles=9
)
"""Lengths in proofs that go cycle by cycle from reset; induction is for all lengths."""


def _specify(config: LayerConfig, bench: Bench) -> None:
    """State the properties of a layer with any phase lengths and any comparators."""
    seen = LayerMonitor(bench, config)
    _lines(seen)
    _phases(seen)
    _rows(seen)
    _results(seen)
    ScanLemmas(seen).state_all()


def _lines(seen: LayerMonitor) -> None:
    bench = seen.bench
    bench.prove("word_lines_one_hot", at_most_one(seen.wl), seen.wl != 0)
    both_sides = (seen.bl != 0) & (seen.blb != 0)
    bench.prove("bit_lines_complementary", (seen.bl & seen.blb) == 0, both_sides)
    still = ~seen.bit_lines_change
    if seen.config.overlapped:
        # The latches hold the row from evaluate's rise on, so that its word line may go then.
        second = seen.evaluate_before & ~past(bench.m, seen.evaluate_before, "evaluate_2")
        still &= ~seen.word_lines_change | second
    else:
        still &= ~seen.word_lines_change
    within = seen.evaluate & seen.evaluate_before
    bench.prove("lines_stand_still", implies(within, still), seen.strobe & seen.evaluate_before)


def _phases(seen: LayerMonitor) -> None:
    bench, config, taken = seen.bench, seen.config, seen.taken
    bench.prove(
        "precharge_and_evaluate_apart",
        ~(seen.precharge & seen.evaluate),
        seen.precharge_rises & (seen.begun != 0),
    )
    waited = seen.quiet >= seen.owed
    bench.prove(
        "dead_before_evaluate",
        implies(seen.evaluate_rises, (seen.ended == PRECHARGED) & waited),
        seen.evaluate_rises & (seen.owed != 0),
    )
    moved = seen.precharge_rises | seen.bit_lines_change
    moves = moved if config.overlapped else moved | seen.word_lines_change
    struck = seen.ended == STROBED
    bench.prove(
        "dead_after_strobe", implies(moves & struck, waited), moved & struck & (seen.owed != 0)
    )
    full = seen.evaluated >= taken["evaluate_cycles"]
    bench.prove(
        "read_after_evaluate",
        implies(seen.strobe | seen.share, seen.evaluate & (seen.read_before | full)),
        seen.strobe & seen.evaluate_before,
    )
    again = seen.strobe & ~seen.strobe_before & seen.read_before
    bench.prove(
        "strobe_length",
        implies(seen.strobe_falls, seen.struck == taken["strobe_cycles"])
        & implies(again, seen.settled == taken["settle_cycles"]),
        seen.strobe_falls & (seen.begun == config.rows_used),
    )
    if config.bits_per_input > 1:
        after_share = seen.precharge_rises & (seen.ended == SHARED)
        bench.prove("dead_after_share", implies(after_share, waited), after_share)
    if config.bank_bits:
        bank = Cat(seen.dac_p, seen.dac_n)
        steady = seen.strobe & seen.strobe_before & changed(bench.m, bank, "bank")
        bench.prove(
            "bank_stands_still",
            ~steady & implies(~seen.evaluate, bank == 0),
            seen.strobe & (seen.dac_p != seen.dac_n),
        )


def _rows(seen: LayerMonitor) -> None:
    rows, latency = seen.config.rows_used, seen.config.latency
    present = (seen.begun - (seen.planes_begun != 0))[: len(seen.begun)]
    every = (seen.begun == rows) & (seen.planes_begun == 0)
    seen.bench.prove(
        "rows_once_in_order",
        implies(seen.evaluate_rises, seen.scanning & (seen.wl == seen.row_of(present)))
        & implies(seen.evaluate_rises, present < rows)
        & implies(seen.result_rises, every),
        seen.result_rises,
    )
    if seen.bench.finite:
        exact = implies(seen.result_rises, seen.cycles == latency)
        in_time = implies(seen.scanning, seen.cycles <= latency)
        seen.bench.prove("done_within_latency", exact & in_time, seen.result_rises)


def _results(seen: LayerMonitor) -> None:
    bench, output = seen.bench, seen.layer.o
    right = implies(seen.result_rises, seen.result == seen.expected)
    bench.prove("result_of_its_row", right, seen.result_rises & (seen.answers != 0))
    refused = output.valid & ~output.ready
    waits = past(bench.m, refused, "waits")
    held = output.valid & ~changed(bench.m, output.payload, "payload")
    bench.prove("result_waits", implies(waits, held), refused)


def _less(true: Signal, inner: Signals) -> Value:
    """One cycle less, of a length that is above 0."""
    return Mux(true == 0, 0, true - 1)[: len(true)]


def _more(true: Signal, inner: Signals) -> Value:
    return true + 1


def also_next(true: Signal, inner: Signals) -> Value:
    """The next line is high, too."""
    return true | true << 1


def _lowest_high(true: Signal, inner: Signals) -> Value:
    return true | 1


def _held(phase: str, meaning: str, edit: Edit = _less) -> Fault:
    return Fault(meaning, f"sequencer.held__{phase}_cycles", edit)


def _properties(config: LayerConfig) -> tuple[Property, ...]:
    """What is proven of a scan, each with the edit that breaks it."""
    stated = [
        Property(
            "word_lines_one_hot", "At most one word line of a macro is up.",
            Fault("the next word line is up as well", "word_lines.row", also_next),
        ),
        Property(
            "bit_lines_complementary", "Never are both bit lines of a column high.",
            Fault("the complement of column 0 is stuck at 1", "bit_lines.blb", _lowest_high),
        ),
        Property(
            "lines_stand_still",
            "Word lines and bit lines stand still while evaluate is high, strobes included; in a "
            "pipeline the word line moves once, in evaluate's second cycle.",
            Fault("word lines move in evaluate, too", "sequencer.advance", also("evaluate")),
        ),
        Property(
            "precharge_and_evaluate_apart", "Precharge and evaluate are never high together.",
            Fault("precharge is high in evaluate, too", "sequencer.precharge", also("evaluate")),
        ),
        Property(
            "dead_before_evaluate",
            "Evaluate rises after precharge and at least the configured dead time.",
            _held("dead_before_evaluate", "one cycle less of this dead time"),
        ),
        Property(
            "dead_after_strobe",
            "After a row's last strobe, precharge rises and lines move after at least the "
            "configured dead time.",
            _held("dead_after_strobe", "one cycle less of this dead time"),
        ),
        Property(
            "dead_after_share",
            "After a share, precharge rises after at least the configured dead time.",
            _held("dead_after_share", "one cycle less of this dead time"),
        ),
        Property(
            "read_after_evaluate",
            "A strobe or share begins after the full evaluate time and lies within evaluate.",
            _held("evaluate", "one cycle less of evaluate"),
        ),
        Property(
            "strobe_length",
            "Each strobe lasts its configured time; each further one comes after exactly the "
            "configured settling.",
            _held("strobe", "one cycle more of strobe", _more),
        ),
        Property(
            "bank_stands_still",
            "The capacitor bank stands still in a strobe and is 0 outside evaluate.",
            Fault(
                "the smallest capacitor of line P is stuck at 1", "periphery0.readout.dac_p",
                _lowest_high,
            ),
        ),
        Property(
            "rows_once_in_order",
            "Each row of the layer is evaluated exactly once per image, in order.",
            Fault("word lines in reverse order", "word_lines.row", lambda true, inner: true[::-1]),
        ),
        Property(
            "done_within_latency",
            "The result comes exactly `LayerConfig.latency` cycles after the image.",
            _held("bridge", "one cycle more for the bridges", _more)
            if config.overlapped
            else _held("precharge", "one cycle more of precharge", _more),
            Task.BOUNDED,
        ),
        Property(
            "result_of_its_row",
            "Each neuron's result is what the comparator said while its row was read.",
            Fault(
                "the lowest bit of macro 0's results is stuck at 1",
                f"periphery0.readout.{'codes' if config.count_bits else 'bits'}", _lowest_high,
            ),
        ),
        Property(
            "result_waits", "A result stays, unchanged, until it is taken.",
            Fault("the next image is taken while a result waits", "i__ready", also("o__valid")),
        ),
    ]  # fmt: skip
    occurs = {
        "dead_after_share": config.bits_per_input > 1,
        "bank_stands_still": config.bank_bits > 0,
    }
    return tuple(each for each in stated if occurs.get(each.name, True))


MACRO = MacroConfig(rows=2, columns=3, timing=TIMING)
LAYER = LayerConfig(name="layer", inputs=2, bias_columns=1, neurons=3, macro=MACRO)
"""A small layer: two macros of 2 rows, 3 columns, one row out of use."""
LAYERS = {
    "sign": replace(LAYER, neurons=5, macro=replace(MACRO, rows=3)),
    "votes": replace(LAYER, macro=replace(MACRO, votes=3)),
    "count": replace(LAYER, readout=Readout.COUNT),
    "planes": replace(LAYER, bits_per_input=2),
    "pipelined": replace(LAYER, macro=replace(MACRO, pipelined=True)),
}
"""Each way to read a row."""


def scan_proofs() -> list[Proof]:
    """A proof for each way to read a row."""
    return [
        Proof(
            design=design,
            scope=f"{config.neurons} neurons on {config.macros} macros of {config.macro.rows} rows",
            hardware=partial(DenseLayer, config),
            specify=partial(_specify, config),
            properties=_properties(config),
            depth=config.latency + 3,
            reach=f"one scan is {config.latency}",
        )
        for design, config in LAYERS.items()
    ]
