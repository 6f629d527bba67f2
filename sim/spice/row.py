"""A row of a sampled chip: the circuit around one word line, and what the model says of it."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...behav.cell.settling import scan_levels, settling_time_s
from ...behav.chip.circuit import MacroCircuit
from ...behav.chip.drawn import DrawnLayer, draw_layer
from ...behav.chip.layer import LayerChip
from ...behav.draws import LayerKey
from ...behav.energy.terms import bridge_energy_j, evaluation_units, sl_energy_j
from ...behav.neuron.capacitors import layer_volts_per_score, line_units
from ...behav.parameters.chip import ChipParameters
from ...errors import InputError
from ...hdl.config import LayerConfig, PhaseTiming


@dataclass(frozen=True, kw_only=True, eq=False)
class RowCircuit:
    """What hangs on one word line and its two capacitive lines; arrays are (columns,)."""

    title: str
    timing: PhaseTiming
    trials: int
    """Strobes of the evaluation. The bank's plates stay low in all of them: what is compared is
    what the bridges do."""
    macro: MacroCircuit
    row: int
    """Number of the row in its macro."""
    inputs: NDArray[np.int8]
    """+1 or -1, the driven columns only."""
    start_v: NDArray[np.float64]
    """SL when the word line rises: as the model says that the row before left it."""

    @property
    def columns(self) -> int:
        """Driven columns."""
        return len(self.inputs)

    @property
    def wire_ohm(self) -> float:
        """Bit-line wire up to this row, in series on each side."""
        return int(self.macro.word_lines[self.row]) * self.macro.bridge.bitline_wire_ohm

    @property
    def top_ohm(self) -> NDArray[np.float64]:
        return self.macro.top_ohm[self.row, : self.columns]

    @property
    def bottom_ohm(self) -> NDArray[np.float64]:
        return self.macro.bottom_ohm[self.row, : self.columns]

    @property
    def threshold_v(self) -> NDArray[np.float64]:
        """Switching threshold of the inverter on SL."""
        return self.macro.threshold_v[: self.columns]

    @property
    def evaluate_s(self) -> float:
        """When evaluate rises, from the word line's rise."""
        return self.timing.before_evaluate_cycles * self.timing.clock_period_s

    @property
    def strobe_s(self) -> float:
        """When the comparator is strobed first."""
        cycles = self.timing.before_evaluate_cycles + self.timing.evaluate_cycles
        return cycles * self.timing.clock_period_s

    @property
    def end_s(self) -> float:
        """When the word line falls: after all strobes and the last dead time."""
        return self.timing.row_s(self.trials)


@dataclass(frozen=True, kw_only=True, eq=False)
class RowModel:
    """What `behav` says of one row; arrays are (columns,), driven columns only."""

    sl_v: NDArray[np.float64]
    """SL as the strobe begins."""
    crossing_s: NDArray[np.float64]
    """When SL crosses the inverter's threshold, from the word line's rise; infinite if never."""
    line_p_v: float
    """Line P after evaluate, V."""
    line_n_v: float
    decision: int
    """Sign of the score seen: the comparator's without offset and noise."""
    count_v: float
    """A popcount count on one line, V."""
    bridge_j: float
    """What bridges and SL draw while the word line is up."""
    plates_j: float
    """What the raised plates draw until the first strobe."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerRows:
    """A layer of one chip, whose rows can be had as circuits and as the model has them."""

    drawn: DrawnLayer
    title: str
    """Of the chip."""

    @classmethod
    def of(
        cls, config: LayerConfig, weights: NDArray[np.int8], condition: ChipParameters,
        key: LayerKey,
    ) -> Self:  # fmt: skip
        """Draw a layer.

        Parameters
        ----------
        weights : ndarray of int8, shape (M, n)
            As programmed.
        key : LayerKey
            Without a chip: devices at their medians, no mismatch.
        """
        if key.chip is not None:
            return cls(drawn=draw_layer(config, weights, condition, key), title=f"chip {key.chip}")
        condition, key = condition.without_variation(), LayerKey(0, key.layer)
        return cls(drawn=draw_layer(config, weights, condition, key), title="ideal chip")

    def circuit(self, neuron: int, inputs: NDArray[np.int8]) -> RowCircuit:
        """The row of one neuron.

        Parameters
        ----------
        inputs : ndarray of int8, shape (up to n,)
            +1 or -1 on the first columns; the columns beyond are not driven: their capacitors load
            the lines with both plates low.

        Raises
        ------
        InputError
            A neuron that the layer does not have, or more inputs than columns.
        """
        config = self.drawn.config
        if not 0 <= neuron < config.neurons:
            raise InputError(
                f"row: found {neuron}, expected 0 to {config.neurons - 1}, the neurons of "
                f"{config.name}"
            )
        if not 1 <= len(inputs) <= config.fan_in:
            raise InputError(f"columns: found {len(inputs)}, expected 1 to {config.fan_in}")
        macro, row = divmod(neuron, config.rows_used)
        return RowCircuit(
            title=f"layer {config.name}, macro {macro}, row {row}: {self.title}",
            timing=config.macro.timing,
            trials=config.trials,
            macro=self.drawn.circuit(macro),
            row=row,
            inputs=inputs,
            start_v=self._levels_v(neuron, inputs)[0],
        )

    def model(self, neuron: int, inputs: NDArray[np.int8]) -> RowModel:
        """What `behav` says of the row of `circuit`: none of it is computed here but sums."""
        drawn, used = self.drawn, slice(len(inputs))
        config, bridge, capacitors = drawn.config, drawn.parameters.bridge, drawn.parameters.neuron
        row = self.circuit(neuron, inputs)
        start_v, sl_v, settled_v = self._levels_v(neuron, inputs)
        pull = row.macro.pull(row.row)
        for_plus, for_minus = (
            settling_time_s(of_input, row.macro.threshold_v, _padded(start_v, config.fan_in))[used]
            for of_input in (pull, pull.reversed(bridge.vdd_v))
        )
        said = drawn.products()
        up = inputs > 0
        bits = np.where(up, said.for_plus[neuron, used], said.for_minus[neuron, used])
        score = float(LayerChip(drawn).scores_seen(_padded(inputs, config.fan_in))[neuron])
        # The score is the difference of the lines; their sum is that of the plates that rise.
        lines = row.macro.lines.weights(config, capacitors)
        raised = (lines.gain[used] + np.where(bits, 1, -1) * lines.offset[used]).sum()
        unit_v = layer_volts_per_score(config, capacitors, bridge)
        bridge_ohm = row.top_ohm + row.bottom_ohm + 2 * bridge.series_ohm(row.row)
        bridge_j = bridge_energy_j(bridge_ohm, bridge.vdd_v, row.end_s)
        sl_j = sl_energy_j(start_v, settled_v, bridge.sl_capacitor_f)
        total = line_units(capacitors, config.line_columns, config.bank_bits)
        units = float(evaluation_units(int(bits.sum()), len(inputs), total, 0))
        return RowModel(
            sl_v=sl_v,
            crossing_s=np.where(up, for_plus, for_minus),
            line_p_v=unit_v * (raised + score) / 2,
            line_n_v=unit_v * (raised - score) / 2,
            decision=1 if score > 0 else -1,
            count_v=unit_v,
            bridge_j=float((bridge_j + sl_j).sum()),
            plates_j=units * capacitors.unit_capacitor_f * bridge.vdd_v**2,
        )

    def _levels_v(self, neuron: int, inputs: NDArray[np.int8]) -> NDArray[np.float64]:
        """SL as the word line rises, as the strobe begins, and settled; shape (3, columns)."""
        drawn, used = self.drawn, slice(len(inputs))
        macro, row = divmod(neuron, drawn.config.rows_used)
        scan = scan_levels(drawn.config, drawn.cells, drawn.parameters.bridge)
        at = next(levels for index, levels in enumerate(scan) if index == row)
        plus, minus = (np.stack(levels)[:, macro, used] for levels in (at.plus, at.minus))
        return np.where(inputs > 0, plus, minus)


def _padded(values: NDArray[Any], columns: int) -> NDArray[Any]:
    """With zeros behind, for the columns that are not driven."""
    padded = np.zeros(columns, values.dtype)
    padded[: len(values)] = values
    return padded
