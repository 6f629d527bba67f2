"""A row of a sampled chip as an ngspice netlist: the same draws and parameters as `LayerChip`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..behav.bridge import draw_thresholds_v
from ..behav.devices import draw_resistances_ohm
from ..behav.draws import Domain, DrawStream
from ..behav.params import BridgeParameters, ChipParameters, NeuronParameters
from ..hdl.config import InputError, LayerConfig, PhaseTiming

NMOS = "popbridge_nmos"
PMOS = "popbridge_pmos"
"""Models that a user's own file has to define, at level or binning of its choice."""

EDGE_S = 2e-12
"""Rise and fall of the pins, s."""

_OPEN_OHM = 1e15
_LEAST_OHM = 1e-3
_LEAST_F = 1e-16
_STEPS_PER_CYCLE = 100
_MOS_SIZE = "w=1u l=0.13u"
_PLATE_SWITCH_OHM = 500.0
_PRECHARGE_OHM = 100.0


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
    """SL when the word line rises: as the row before left it."""
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


def sample_row(
    config: LayerConfig,
    weights: NDArray[np.int8],
    parameters: ChipParameters,
    chip: int | None,
    layer: int,
    neuron: int,
    inputs: NDArray[np.int8],
) -> RowCircuit:
    """The row of one neuron, with every device and capacitor as `LayerChip` draws it.

    Parameters
    ----------
    weights : ndarray of int8, shape (M, n)
        As programmed.
    chip : int or None
        None: devices at their medians, no mismatch.
    inputs : ndarray of int8, shape (up to n,)
        +1 or -1 on the first columns; the columns beyond are not driven: their capacitors load the
        lines with both plates low.

    Raises
    ------
    InputError
        A neuron that the layer does not have, or more inputs than columns.
    """
    if not 0 <= neuron < config.neurons:
        raise InputError(
            f"row: found {neuron}, expected 0 to {config.neurons - 1}, the neurons of {config.name}"
        )
    if not 1 <= len(inputs) <= config.fan_in:
        raise InputError(f"columns: found {len(inputs)}, expected 1 to {config.fan_in}")
    if chip is None:
        parameters = parameters.without_variation()
    macro, row = divmod(neuron, config.rows_used)
    used = slice(len(inputs))
    draws = (chip or 0, layer)
    top, bottom = draw_resistances_ohm(config, weights, parameters.devices, *draws)
    thresholds = draw_thresholds_v(config, parameters.bridge, *draws)
    plate_p, load_p = _draw_line_f(config, parameters.neuron, *draws, macro, 0, len(inputs))
    plate_n, load_n = _draw_line_f(config, parameters.neuron, *draws, macro, 1, len(inputs))
    wire_per_row = parameters.bridge.bitline_wire_ohm
    start_v = np.zeros(len(inputs))
    if row:
        start_v = divider_v(
            top[neuron - 1, used] + parameters.bridge.access_resistance_ohm,
            bottom[neuron - 1, used] + parameters.bridge.access_resistance_ohm,
            inputs,
            parameters.bridge.vdd_v,
        )
    return RowCircuit(
        title=f"layer {config.name}, macro {macro}, row {row}: "
        + ("ideal chip" if chip is None else f"chip {chip}"),
        timing=config.macro.timing,
        bridge=parameters.bridge,
        wire_ohm=row * wire_per_row,
        inputs=inputs,
        top_ohm=top[neuron, used],
        bottom_ohm=bottom[neuron, used],
        threshold_v=thresholds[macro, used],
        start_v=start_v,
        plate_p_f=plate_p,
        plate_n_f=plate_n,
        load_p_f=load_p,
        load_n_f=load_n,
    )


def divider_v(
    top_ohm: NDArray[np.float64],
    bottom_ohm: NDArray[np.float64],
    inputs: NDArray[np.int8],
    vdd_v: float,
) -> NDArray[np.float64]:
    """Settled SL of each column, V, with all that is in series on either side."""
    # An open device on both sides leaves SL where the finite stand-in of the netlist takes it.
    top, bottom = np.minimum(top_ohm, _OPEN_OHM), np.minimum(bottom_ohm, _OPEN_OHM)
    return vdd_v * np.where(inputs > 0, bottom, top) / (top + bottom)


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
    total = config.macro.columns
    sigma = parameters.unit_capacitor_sigma
    columns = DrawStream(chip, Domain.CAPACITOR, layer).at(macro, line).standard_normal(total)
    bank = DrawStream(chip, Domain.BANK, layer).at(macro, line).standard_normal(config.count_bits)
    units = 2.0 ** np.arange(config.count_bits)
    column_units = 1 + sigma * columns
    bank_units = units + sigma * np.sqrt(units) * bank
    load = column_units[driven:].sum() + bank_units.sum() + total * parameters.parasitic_fraction
    unit_f = parameters.unit_capacitor_f
    return unit_f * column_units[:driven], float(unit_f * load)


def netlist(
    row: RowCircuit, models: Path | None = None, inverter_threshold_v: float | None = None
) -> str:
    """The text of a netlist, to be run with ``ngspice -b -r RAW FILE``.

    Parameters
    ----------
    models : Path, optional
        A file that defines the transistor models `NMOS` and `PMOS`; level-1 models without it.
    inverter_threshold_v : float, optional
        Switching threshold of the inverter made of those models; VDD / 2 without it, which is that
        of the level-1 inverter. A source at each gate makes up the difference to the column's.
    """
    vdd_v = row.bridge.vdd_v
    own_v = vdd_v / 2 if inverter_threshold_v is None else inverter_threshold_v
    lines = [*_head(row, models), *_pins(row), *_lines(row)]
    for column in range(row.columns):
        lines += _column(row, column, own_v)
    return "\n".join([*lines, *_analysis(row)]) + "\n"


def inverter_netlist(models: Path | None, vdd_v: float) -> str:
    """A netlist whose operating point has v(x) at the inverter's switching threshold."""
    return "\n".join(
        [
            "* popbridge: an inverter with its output at its input",
            *_transistors(models, vdd_v),
            f"Vsupply supply 0 {vdd_v:.9g}",
            "Xinverter x x supply inverter",
            ".save v(x)",
            ".op",
            ".end",
            "",
        ]
    )


def _head(row: RowCircuit, models: Path | None) -> Iterator[str]:
    vdd_v = row.bridge.vdd_v
    yield f"* popbridge: {row.title}"
    yield f"* {row.columns} columns; nodes of column i: sl_i source line, na_i product inverted,"
    yield "* p_i product, q_i complement, pp_i and pn_i bottom plates on line_p and line_n"
    yield from _transistors(models, vdd_v)
    access_ohm = max(row.bridge.access_resistance_ohm, _LEAST_OHM)
    yield "* access transistor: its resistance while the word line is up"
    yield f".model access sw vt={vdd_v / 2:.9g} vh=0 ron={access_ohm:.9g} roff={_OPEN_OHM:g}"
    # Both plate switches wait for the far end of the edge: never both on.
    yield f".model plate sw vt={0.75 * vdd_v:.9g} vh=0 ron={_PLATE_SWITCH_OHM:g} roff=1e13"
    yield f".model reset sw vt={vdd_v / 2:.9g} vh=0 ron={_PRECHARGE_OHM:g} roff=1e14"
    yield "* one supply for each cause of energy"
    yield f"Vread vread 0 {vdd_v:.9g}"
    yield f"Vlogic vlogic 0 {vdd_v:.9g}"
    yield f"Vplates vplates 0 {vdd_v:.9g}"


def _transistors(models: Path | None, vdd_v: float) -> Iterator[str]:
    if models is None:
        # Equal and opposite: the threshold is at half of the supply, and an input a tenth of it
        # away has one of the two cut off.
        law = f"(level=1 kp=200u lambda=0.05 vto={{sign}}{0.45 * vdd_v:.9g})"
        yield f".model {NMOS} nmos {law.format(sign='')}"
        yield f".model {PMOS} pmos {law.format(sign='-')}"
    else:
        yield f'.include "{models.resolve()}"'
    yield ".subckt inverter in out supply"
    yield f"Mp out in supply supply {PMOS} {_MOS_SIZE}"
    yield f"Mn out in 0 0 {NMOS} {_MOS_SIZE}"
    yield "Cout out 0 0.1f"
    yield ".ends"


def _pins(row: RowCircuit) -> Iterator[str]:
    timing = row.timing
    period = timing.clock_period_s
    until_strobe = row.strobe_s + timing.strobe_cycles * period
    yield "* pins of the macro"
    for name, rise, fall in (
        ("wl", 0.0, row.end_s),
        ("precharge", 0.0, timing.precharge_cycles * period),
        ("evaluate", row.evaluate_s, until_strobe),
        ("strobe", row.strobe_s, until_strobe),
    ):
        yield (
            f"V{name} {name} 0 pulse(0 {row.bridge.vdd_v:.9g} {rise:.9g} {EDGE_S:g} {EDGE_S:g} "
            f"{fall - rise - EDGE_S:.9g} 1)"
        )


def _lines(row: RowCircuit) -> Iterator[str]:
    yield "* capacitive lines: precharge to 0 V, and what else hangs on them"
    for line, load_f in (("p", row.load_p_f), ("n", row.load_n_f)):
        yield f"Sprecharge_{line} line_{line} 0 precharge 0 reset"
        yield f"Cload_{line} line_{line} 0 {load_f:.12g} ic=0"


def _column(row: RowCircuit, column: int, own_v: float) -> Iterator[str]:
    c = column
    high, low = ("vread", "0") if row.inputs[c] > 0 else ("0", "vread")
    sl_f = max(row.bridge.sl_capacitor_f, _LEAST_F)
    wire_ohm = max(row.wire_ohm, _LEAST_OHM)
    yield f"* column {c}: input {row.inputs[c]:+d}, threshold {row.threshold_v[c]:.4f} V"
    yield f"Rbl_{c} {high} bl_{c} {wire_ohm:.9g}"
    yield f"Sbl_{c} bl_{c} top_{c} wl 0 access"
    yield f"Rtop_{c} top_{c} sl_{c} {min(row.top_ohm[c], _OPEN_OHM):.12g}"
    yield f"Rbottom_{c} sl_{c} bottom_{c} {min(row.bottom_ohm[c], _OPEN_OHM):.12g}"
    yield f"Sblb_{c} bottom_{c} blb_{c} wl 0 access"
    yield f"Rblb_{c} blb_{c} {low} {wire_ohm:.9g}"
    yield f"Csl_{c} sl_{c} 0 {sl_f:.9g} ic={row.start_v[c]:.9g}"
    yield f"Vshift_{c} sl_{c} gate_{c} {row.threshold_v[c] - own_v:.9g}"
    yield f"Xna_{c} gate_{c} na_{c} vlogic inverter"
    yield f"Xp_{c} na_{c} p_{c} vplates inverter"
    yield f"Xq_{c} p_{c} q_{c} vplates inverter"
    for line, source, plate_f in (
        ("p", "p", row.plate_p_f[c]),
        ("n", "q", row.plate_n_f[c]),
    ):
        yield f"Sdrive_{line}_{c} {source}_{c} p{line}_{c} evaluate 0 plate"
        yield f"Slow_{line}_{c} p{line}_{c} 0 vlogic evaluate plate"
        yield f"C{line}_{c} p{line}_{c} line_{line} {plate_f:.12g} ic=0"


def _analysis(row: RowCircuit) -> Iterator[str]:
    saved = " ".join(f"v(sl_{column})" for column in range(row.columns))
    step_s = row.timing.clock_period_s / _STEPS_PER_CYCLE
    yield "* tolerances for capacitors of femtofarads"
    yield ".options reltol=1e-3 vntol=1e-6 abstol=1e-12 chgtol=1e-16 gmin=1e-14"
    yield ".save v(line_p) v(line_n) i(vread) i(vlogic) i(vplates)"
    yield f".save {saved}"
    yield f".tran {step_s:.9g} {row.end_s:.9g} 0 {step_s:.9g} uic"
    yield ".end"
