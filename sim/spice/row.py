"""A row of a sampled chip: the circuit around one word line, and what the model says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...behav.cell.bridge import draw_thresholds_v
from ...behav.cell.devices import draw_resistances_ohm
from ...behav.cell.settling import RowLevels, scan_levels, scan_products, settling_time_s
from ...behav.chip.layer import LayerChip, sample_layer
from ...behav.energy.terms import bridge_energy_j, evaluation_units, sl_energy_j
from ...behav.neuron.capacitors import (
    draw_capacitor_units,
    draw_line_weights,
    layer_volts_per_score,
    line_units,
)
from ...behav.parameters.bridge import BridgeParameters
from ...behav.parameters.chip import ChipParameters
from ...behav.parameters.neuron import NeuronParameters
from ...errors import InputError
from ...hdl.config import LayerConfig, PhaseTiming


@dataclass(frozen=True, kw_only=True, eq=False)
class RowCircuit:
    """What hangs on one word line and its two capacitive lines; arrays are (columns,)."""

    title: str
    timing: PhaseTiming
    bridge: BridgeParameters
    wire_ohm: float
    """Bit-line wire up to this row, in series on each side."""
    inputs: NDArray[np.int8]
    """+1 or -1, the driven columns only."""
    top_ohm: NDArray[np.float64]
    bottom_ohm: NDArray[np.float64]
    threshold_v: NDArray[np.float64]
    """Switching threshold of the inverter on SL."""
    start_v: NDArray[np.float64]
    """SL when the word line rises: as the model says that the row before left it."""
    plate_p_f: NDArray[np.float64]
    plate_n_f: NDArray[np.float64]
    load_p_f: float
    """What else hangs on line P: parasitic, columns that are not driven, read-out bank."""
    load_n_f: float

    @property
    def columns(self) -> int:
        """Driven columns."""
        return len(self.inputs)

    @property
    def strobe_s(self) -> float:
        """When the comparator is strobed, from the word line's rise."""
        timing = self.timing
        return self._evaluate_cycle * timing.clock_period_s + (
            timing.evaluate_cycles * timing.clock_period_s
        )

    @property
    def evaluate_s(self) -> float:
        """When evaluate rises."""
        return self._evaluate_cycle * self.timing.clock_period_s

    @property
    def end_s(self) -> float:
        """When the word line falls: after one strobe and the last dead time."""
        return self.timing.row_cycles(1) * self.timing.clock_period_s

    @property
    def _evaluate_cycle(self) -> int:
        return self.timing.precharge_cycles + self.timing.dead_before_evaluate_cycles


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
    """What the raised plates draw."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerRows:
    """A layer of one chip, whose rows can be had as circuits and as the model has them.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        As programmed.
    chip : int or None
        None: devices at their medians, no mismatch.
    """

    config: LayerConfig
    weights: NDArray[np.int8]
    parameters: ChipParameters
    chip: int | None
    layer: int = 0

    def circuit(self, neuron: int, inputs: NDArray[np.int8]) -> RowCircuit:
        """The row of one neuron, with every device and capacitor as `LayerChip` draws it.

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
        config = self.config
        if not 0 <= neuron < config.neurons:
            raise InputError(
                f"row: found {neuron}, expected 0 to {config.neurons - 1}, the neurons of "
                f"{config.name}"
            )
        if not 1 <= len(inputs) <= config.fan_in:
            raise InputError(f"columns: found {len(inputs)}, expected 1 to {config.fan_in}")
        parameters = self._parameters
        macro, row = divmod(neuron, config.rows_used)
        used = slice(len(inputs))
        top, bottom = self._resistances_ohm()
        (plate_p, load_p), (plate_n, load_n) = (
            _draw_line_f(config, parameters.neuron, *self._draws, macro, line, len(inputs))
            for line in (0, 1)
        )
        name = "ideal chip" if self.chip is None else f"chip {self.chip}"
        return RowCircuit(
            title=f"layer {config.name}, macro {macro}, row {row}: {name}",
            timing=config.macro.timing,
            bridge=parameters.bridge,
            wire_ohm=row * parameters.bridge.bitline_wire_ohm,
            inputs=inputs,
            top_ohm=top[neuron, used],
            bottom_ohm=bottom[neuron, used],
            threshold_v=draw_thresholds_v(config, parameters.bridge, *self._draws)[macro, used],
            start_v=self._levels_v(neuron, inputs)[0],
            plate_p_f=plate_p,
            plate_n_f=plate_n,
            load_p_f=load_p,
            load_n_f=load_n,
        )

    def model(self, neuron: int, inputs: NDArray[np.int8]) -> RowModel:
        """What `behav` says of the row of `circuit`: none of it is computed here but sums."""
        config, bridge, capacitors = self.config, self._parameters.bridge, self._parameters.neuron
        macro, row = divmod(neuron, config.rows_used)
        used = slice(len(inputs))
        up = inputs > 0
        top, bottom = self._resistances_ohm()
        thresholds_v = draw_thresholds_v(config, bridge, *self._draws)
        start_v, sl_v, settled_v = self._levels_v(neuron, inputs)
        cells = (top[neuron, used], bottom[neuron, used])
        for_plus, for_minus = (
            settling_time_s(*cells, sign, thresholds_v[macro, used], start_v, bridge, row)
            for sign in (1, -1)
        )
        said = scan_products(config, self.weights, top, bottom, thresholds_v, bridge)
        bits = np.where(up, said.for_plus[neuron, used], said.for_minus[neuron, used])
        driven = np.zeros(config.fan_in, np.int8)
        driven[used] = inputs
        score = float(self._sampled().scores_seen(driven)[neuron])
        # The score is the difference of the lines; their sum is that of the plates that rise.
        lines = draw_line_weights(config, capacitors, *self._draws, macro)
        raised = np.where(bits, lines.gain[used] + lines.offset[used],
                          lines.gain[used] - lines.offset[used]).sum()  # fmt: skip
        unit_v = layer_volts_per_score(config, capacitors, bridge)
        series_ohm = 2 * bridge.series_ohm(row)
        on_s = config.row_cycles * config.macro.timing.clock_period_s
        bridge_j = bridge_energy_j(cells[0] + cells[1] + series_ohm, bridge.vdd_v, on_s)
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

    @property
    def _parameters(self) -> ChipParameters:
        return self.parameters.without_variation() if self.chip is None else self.parameters

    @property
    def _draws(self) -> tuple[int, int]:
        return self.chip or 0, self.layer

    def _sampled(self) -> LayerChip:
        return sample_layer(self.config, self.weights, self.parameters, self.chip, self.layer, 0)

    def _resistances_ohm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        top, bottom = draw_resistances_ohm(
            self.config, self.weights, self._parameters.devices, *self._draws
        )
        return top, bottom

    def _levels_v(self, neuron: int, inputs: NDArray[np.int8]) -> NDArray[np.float64]:
        """SL as the word line rises, as the strobe begins, and settled; shape (3, columns)."""
        macro, row = divmod(neuron, self.config.rows_used)
        scan = scan_levels(self.config, *self._resistances_ohm(), self._parameters.bridge)
        at: RowLevels = next(levels for index, levels in enumerate(scan) if index == row)
        used = slice(len(inputs))
        plus, minus = (np.stack(levels)[:, macro, used] for levels in (at.plus, at.minus))
        return np.where(inputs > 0, plus, minus)


def _draw_line_f(
    config: LayerConfig,
    parameters: NeuronParameters,
    chip: int,
    layer: int,
    macro: int,
    line: int,
    driven: int,
) -> tuple[NDArray[np.float64], float]:
    """Capacitors of the driven columns of a line, and all else on it, F."""
    total = config.line_columns
    column_units, bank_units = draw_capacitor_units(config, parameters, chip, layer, macro, line)
    load = column_units[driven:].sum() + bank_units.sum() + total * parameters.parasitic_fraction
    unit_f = parameters.unit_capacitor_f
    return unit_f * column_units[:driven], float(unit_f * load)
