"""Properties of a layer's scan: lines, phases, order of rows, results, cycles."""

from typing import Any

from amaranth.hdl import Cat, Mux, Signal, Value

from ...hdl.config import LayerConfig, MacroConfig, PhaseTiming, Readout
from ...hdl.layer.dense_layer import DenseLayer
from .bench import Bench, Edit, Fault, Method, Proof, Property, Signals
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


class ScanProof:
    """The properties of a layer that scans rows with any phase lengths and any comparators."""

    def __init__(self, config: LayerConfig):
        self.config = config

    def specify(self, bench: Bench) -> None:
        """State the properties about a bench."""
        seen = LayerMonitor(bench, self.config)
        self._lines(bench, seen)
        self._phases(bench, seen)
        self._rows(bench, seen)
        self._results(bench, seen)
        self._covers(bench, seen)
        ScanLemmas(bench, seen, self.config).state_all()

    def _lines(self, bench: Bench, seen: LayerMonitor) -> None:
        bench.prove("word_lines_one_hot", at_most_one(seen.wl))
        bench.prove("bit_lines_complementary", (seen.bl & seen.blb) == 0)
        still = ~seen.bit_lines_change
        if self.config.overlapped:
            # The latches hold the row from evaluate's rise on, so that its word line may go then.
            second = seen.evaluate_before & ~past(bench.m, seen.evaluate_before, "evaluate_2")
            still &= ~seen.word_lines_change | second
        else:
            still &= ~seen.word_lines_change
        bench.prove("lines_stand_still", implies(seen.evaluate & seen.evaluate_before, still))

    def _phases(self, bench: Bench, seen: LayerMonitor) -> None:
        taken = seen.taken
        bench.prove("precharge_and_evaluate_apart", ~(seen.precharge & seen.evaluate))
        waited = seen.quiet >= seen.owed
        bench.prove(
            "dead_before_evaluate",
            implies(seen.evaluate_rises, (seen.ended == PRECHARGED) & waited),
        )
        moves = seen.precharge_rises | seen.bit_lines_change
        if not self.config.overlapped:
            moves |= seen.word_lines_change
        bench.prove("dead_after_strobe", implies(moves & (seen.ended == STROBED), waited))
        reads = seen.strobe | seen.share
        full = seen.evaluated >= taken["evaluate_cycles"]
        bench.prove(
            "read_after_evaluate", implies(reads, seen.evaluate & (seen.read_before | full))
        )
        again = seen.strobe & ~seen.strobe_before & seen.read_before
        bench.prove(
            "strobe_length",
            implies(seen.strobe_falls, seen.struck == taken["strobe_cycles"])
            & implies(again, seen.settled == taken["settle_cycles"]),
        )
        if self.config.bits_per_input > 1:
            after_share = seen.precharge_rises & (seen.ended == SHARED)
            bench.prove("dead_after_share", implies(after_share, waited))
        if self.config.bank_bits:
            bank = Cat(seen.dac_p, seen.dac_n)
            steady = seen.strobe & seen.strobe_before & changed(bench.m, bank, "bank")
            bench.prove("bank_stands_still", ~steady & implies(~seen.evaluate, bank == 0))

    def _rows(self, bench: Bench, seen: LayerMonitor) -> None:
        present = (seen.begun - (seen.planes_begun != 0))[: len(seen.begun)]
        every = (seen.begun == self.config.rows_used) & (seen.planes_begun == 0)
        bench.prove(
            "rows_once_in_order",
            implies(seen.evaluate_rises, seen.scanning & (seen.wl == seen.row_of(present)))
            & implies(seen.evaluate_rises, present < self.config.rows_used)
            & implies(seen.result_rises, every),
        )
        if bench.finite:
            latency = self.config.latency
            exact = implies(seen.result_rises, seen.cycles == latency)
            bench.prove(
                "done_within_latency", exact & implies(seen.scanning, seen.cycles <= latency)
            )

    def _results(self, bench: Bench, seen: LayerMonitor) -> None:
        payload = seen.layer.o.payload
        right = seen.result == seen.expected
        bench.prove("result_of_its_row", implies(seen.result_rises, right))
        waits = past(bench.m, seen.layer.o.valid & ~seen.layer.o.ready, "waits")
        held = seen.layer.o.valid & ~changed(bench.m, payload, "payload")
        bench.prove("result_waits", implies(waits, held))

    def _covers(self, bench: Bench, seen: LayerMonitor) -> None:
        """That what each property is about does occur."""
        moves = seen.precharge_rises | seen.bit_lines_change
        covers = {
            "word_lines_one_hot": seen.wl != 0,
            "bit_lines_complementary": (seen.bl != 0) & (seen.blb != 0),
            "lines_stand_still": seen.strobe & seen.evaluate_before,
            "precharge_and_evaluate_apart": seen.precharge_rises & (seen.begun != 0),
            "dead_before_evaluate": seen.evaluate_rises & (seen.owed != 0),
            "dead_after_strobe": moves & (seen.ended == STROBED) & (seen.owed != 0),
            "read_after_evaluate": seen.strobe & seen.evaluate_before,
            "strobe_length": seen.strobe_falls & (seen.begun == self.config.rows_used),
            "rows_once_in_order": seen.result_rises,
            "done_within_latency": seen.result_rises,
            "result_of_its_row": seen.result_rises & (seen.answers != 0),
            "result_waits": seen.layer.o.valid & ~seen.layer.o.ready,
        }
        if self.config.bits_per_input > 1:
            covers["dead_after_share"] = seen.precharge_rises & (seen.ended == SHARED)
        if self.config.bank_bits:
            covers["bank_stands_still"] = seen.strobe & (seen.dac_p != seen.dac_n)
        for name, condition in covers.items():
            bench.cover(name, condition)


def _less(true: Signal, inner: Signals) -> Value:
    """One cycle less, of a length that is above 0."""
    return Mux(true == 0, 0, true - 1)[: len(true)]


def _more(true: Signal, inner: Signals) -> Value:
    return true + 1


def _held(phase: str, meaning: str, edit: Edit = _less) -> Fault:
    return Fault(meaning=meaning, path=("sequencer",), signal=f"held__{phase}_cycles", edit=edit)


STATEMENTS = {
    "word_lines_one_hot": "At most one word line of a macro is up.",
    "bit_lines_complementary": "Never are both bit lines of a column high.",
    "lines_stand_still": "Word lines and bit lines stand still while evaluate is high, strobes "
    "included; in a pipeline the word line moves once, in evaluate's second cycle.",
    "precharge_and_evaluate_apart": "Precharge and evaluate are never high together.",
    "dead_before_evaluate": "Evaluate rises after precharge and at least the configured dead time.",
    "dead_after_strobe": "After a row's last strobe, precharge rises and lines move after at least "
    "the configured dead time.",
    "dead_after_share": "After a share, precharge rises after at least the configured dead time.",
    "read_after_evaluate": "A strobe or share begins after the full evaluate time and lies within "
    "evaluate.",
    "strobe_length": "Each strobe lasts its configured time; each further one comes after exactly "
    "the configured settling.",
    "bank_stands_still": "The capacitor bank stands still in a strobe and is 0 outside evaluate.",
    "rows_once_in_order": "Each row of the layer is evaluated exactly once per image, in order.",
    "done_within_latency": "The result comes exactly `LayerConfig.latency` cycles after the image.",
    "result_of_its_row": "Each neuron's result is what the comparator said while its row was read.",
    "result_waits": "A result stays, unchanged, until it is taken.",
}
"""What each property of a scan says."""


def _faults(config: LayerConfig) -> dict[str, Fault]:
    """The edit that breaks each property."""
    return {
        "word_lines_one_hot": Fault(
            meaning="the next word line is up as well", path=("word_lines",), signal="row",
            edit=lambda true, inner: true | true << 1,
        ),
        "bit_lines_complementary": Fault(
            meaning="the complement of column 0 is stuck at 1", path=("bit_lines",), signal="blb",
            edit=lambda true, inner: true | 1,
        ),
        "lines_stand_still": Fault(
            meaning="word lines move in evaluate, too", path=("sequencer",), signal="advance",
            edit=lambda true, inner: true | inner("evaluate"),
        ),
        "precharge_and_evaluate_apart": Fault(
            meaning="precharge is high in evaluate, too", path=("sequencer",), signal="precharge",
            edit=lambda true, inner: true | inner("evaluate"),
        ),
        "dead_before_evaluate": _held("dead_before_evaluate", "one cycle less of this dead time"),
        "dead_after_strobe": _held("dead_after_strobe", "one cycle less of this dead time"),
        "dead_after_share": _held("dead_after_share", "one cycle less of this dead time"),
        "read_after_evaluate": _held("evaluate", "one cycle less of evaluate"),
        "strobe_length": _held("strobe", "one cycle more of strobe", _more),
        "bank_stands_still": Fault(
            meaning="the smallest capacitor of line P is stuck at 1",
            path=("periphery0", "readout"), signal="dac_p", edit=lambda true, inner: true | 1,
        ),
        "rows_once_in_order": Fault(
            meaning="word lines in reverse order", path=("word_lines",), signal="row",
            edit=lambda true, inner: true[::-1],
        ),
        "done_within_latency": (
            _held("bridge", "one cycle more for the bridges", _more)
            if config.overlapped
            else _held("precharge", "one cycle more of precharge", _more)
        ),
        "result_of_its_row": Fault(
            meaning="the lowest bit of macro 0's results is stuck at 1",
            path=("periphery0", "readout"), signal="codes" if config.count_bits else "bits",
            edit=lambda true, inner: true | 1,
        ),
        "result_waits": Fault(
            meaning="the next image is taken while a result waits", path=(), signal="i__ready",
            edit=lambda true, inner: true | inner("o__valid"),
        ),
    }  # fmt: skip


def _layer(**fields: Any) -> LayerConfig:
    """A small layer: two macros of 2 rows, 3 columns, one row out of use."""
    macro: dict[str, Any] = {"rows": 2, "columns": 3, "timing": TIMING} | fields.pop("macro", {})
    sizes: dict[str, Any] = {"name": "layer", "inputs": 2, "bias_columns": 1}
    sizes |= {"neurons": 2 * macro["rows"] - 1}
    return LayerConfig(**sizes, macro=MacroConfig(**macro), **fields)


LAYERS = {
    "sign": _layer(macro={"rows": 3}),
    "votes": _layer(macro={"votes": 3}),
    "count": _layer(readout=Readout.COUNT),
    "planes": _layer(bits_per_input=2),
    "pipelined": _layer(macro={"pipelined": True}),
}
"""Each way to read a row."""


def _scan_proof(design: str, config: LayerConfig) -> Proof:
    faults = _faults(config)
    left_out = {"dead_after_share"} if config.bits_per_input == 1 else set()
    left_out |= set() if config.bank_bits else {"bank_stands_still"}
    properties = tuple(
        Property(
            name=name, statement=statement, fault=faults[name],
            method=Method.BOUNDED if name == "done_within_latency" else Method.INDUCTION,
        )
        for name, statement in STATEMENTS.items()
        if name not in left_out
    )  # fmt: skip
    return Proof(
        design=design,
        scope=f"{config.neurons} neurons on {config.macros} macros of {config.macro.rows} rows",
        hardware=lambda: DenseLayer(config),
        specify=ScanProof(config).specify,
        properties=properties,
        depth=config.latency + 3,
        reach=f"one scan is {config.latency}",
    )


def scan_proofs() -> list[Proof]:
    """A proof for each way to read a row."""
    return [_scan_proof(design, config) for design, config in LAYERS.items()]
