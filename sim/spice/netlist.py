"""A row of a sampled chip as an ngspice netlist."""

from collections.abc import Iterator
from pathlib import Path

from .row import RowCircuit

NMOS = "popbridge_nmos"
PMOS = "popbridge_pmos"
"""Models that a user's own file has to define, at level or binning of its choice."""

EDGE_S = 2e-12
"""Rise and fall of the pins other than the word line, s."""

_OPEN_OHM = 1e15
_LEAST_OHM = 1e-3
_LEAST_F = 1e-16
_STEPS_PER_CYCLE = 100
_RELATIVE_TOLERANCE = 1e-4
_MOS_SIZE = "w=1u l=0.13u"
_PLATE_SWITCH_OHM = 500.0
_PRECHARGE_OHM = 100.0


def netlist(
    row: RowCircuit, models: Path | None = None, inverter_threshold_v: float | None = None
) -> str:
    """The text of a netlist for ngspice, which says itself how it is run.

    Parameters
    ----------
    models : Path, optional
        A file that defines the transistor models `NMOS` and `PMOS`; level-1 models without it.
    inverter_threshold_v : float, optional
        Switching threshold of the inverter made of those models; VDD / 2 without it, which is that
        of the level-1 inverter. A source at each gate makes up the difference to the column's.
    """
    vdd_v = row.macro.bridge.vdd_v
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
    vdd_v = row.macro.bridge.vdd_v
    yield f"* popbridge: {row.title}"
    yield f"* {row.columns} columns; nodes of column i: sl_i source line, na_i product inverted,"
    yield "* p_i product, q_i complement, pp_i and pn_i bottom plates on line_p and line_n"
    yield "* to print both lines over time: ngspice -b FILE.cir"
    yield "* to save all that .save names: ngspice -b -r row.raw FILE.cir"
    yield from _transistors(models, vdd_v)
    access_ohm = max(row.macro.bridge.access_resistance_ohm, _LEAST_OHM)
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
    yield "* pins of the macro; the word line is up from the start"
    # No edge: SLs that start near their threshold cross it within picoseconds.
    vdd_v, edges = row.macro.bridge.vdd_v, f"{EDGE_S:g} {EDGE_S:g}"
    yield f"Vwl wl 0 pulse({vdd_v:.9g} 0 {row.end_s:.9g} {edges} 1 2)"
    for name, high_in in _HIGH_IN.items():
        yield f"V{name} {name} 0 pwl({' '.join(_course(row, high_in))})"


_HIGH_IN = {
    "precharge": {"precharge"},
    "evaluate": {"evaluate", "strobe", "settle"},
    "strobe": {"strobe"},
}
"""The phases in which each pin is high."""


def _course(row: RowCircuit, high_in: set[str]) -> Iterator[str]:
    """Times and levels of a pin that is high in some phases, each edge at a phase's begin."""
    begin_s, level_v = 0.0, 0.0
    yield "0 0"
    for phase, cycles in row.timing.phases(row.trials):
        next_v = row.macro.bridge.vdd_v if phase in high_in else 0.0
        if cycles and next_v != level_v:
            if begin_s:
                yield f"{begin_s:.9g} {level_v:.9g}"
            yield f"{begin_s + EDGE_S:.9g} {next_v:.9g}"
            level_v = next_v
        begin_s += cycles * row.timing.clock_period_s


def _lines(row: RowCircuit) -> Iterator[str]:
    yield "* capacitive lines: precharge to 0 V, and what else hangs on them"
    for line, load_f in zip("pn", row.macro.load_f(row.columns).tolist(), strict=True):
        yield f"Sprecharge_{line} line_{line} 0 precharge 0 reset"
        yield f"Cload_{line} line_{line} 0 {load_f:.12g} ic=0"


def _column(row: RowCircuit, column: int, own_v: float) -> Iterator[str]:
    c = column
    high, low = ("vread", "0") if row.inputs[c] > 0 else ("0", "vread")
    sl_f = max(row.macro.bridge.sl_capacitor_f, _LEAST_F)
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
    for line, source, plate_f in zip("pn", "pq", row.macro.plate_f[:, c], strict=True):
        yield f"Sdrive_{line}_{c} {source}_{c} p{line}_{c} evaluate 0 plate"
        yield f"Slow_{line}_{c} p{line}_{c} 0 vlogic evaluate plate"
        yield f"C{line}_{c} p{line}_{c} line_{line} {plate_f:.12g} ic=0"


def _analysis(row: RowCircuit) -> Iterator[str]:
    saved = " ".join(f"v(sl_{column})" for column in range(row.columns))
    step_s = row.timing.clock_period_s / _STEPS_PER_CYCLE
    yield "* tolerances for capacitors of femtofarads, and floating lines that keep their charge"
    yield f".options reltol={_RELATIVE_TOLERANCE:g} vntol=1e-6 abstol=1e-12 chgtol=1e-16 gmin=1e-14"
    yield ".save v(line_p) v(line_n) i(vread) i(vlogic) i(vplates)"
    yield f".save {saved}"
    # Without it, batch mode refuses to run unless it is told to save.
    yield ".print tran v(line_p) v(line_n)"
    yield f".tran {step_s:.9g} {row.end_s:.9g} 0 {step_s:.9g} uic"
    yield ".end"
