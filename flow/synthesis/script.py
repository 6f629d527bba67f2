"""The script that Yosys runs for each target."""

from collections.abc import Sequence

MOST_LOADS = 16
"""Gates that one gate or flip-flop drives, in a library of cells."""

_DELAY_FIRST = (
    "strash", "&get -n", "&fraig -x", "&put", "scorr", "strash", "&get -n", "&dch -f", "&nf {D}",
    "&put",
)  # fmt: skip
"""ABC's own script without its step for area, which turns every fast adder into a chain."""
_BUFFERED = ("buffer -c", "topo", f"buffer -N {MOST_LOADS}", "topo", "upsize {D}", "dnsize {D}")
"""Trees of buffers where one gate drives many, then the sizes of gates. Needs a driving cell:
without one, ABC takes ports and flip-flops for able to drive anything."""
_PLAIN_FLIP_FLOPS = ("dfflegalize -cell $_DFF_P_ 01", "opt -nodffe -nosdff -purge")
"""Reset and enable become gates. Initial values are let go of: reset gives the same ones."""
_LIBRARY = "-liberty cells.lib"
_BUFFER_PORTS = "insbuf"
"""A buffer before each output that a flip-flop drives without a gate: ABC does not see such wires,
so that its trees would leave them out."""
KEEP_STATES = 'setattr -set fsm_encoding "none" */w:*_state'
"""State machines are not recoded: codes without a state lead back to IDLE, and are proven to."""
_WRITE = "write_verilog -noattr -noexpr -nohex netlist.v"


def is_fpga(target: str) -> bool:
    """Whether a target is an FPGA."""
    return target in ("ice40", "ecp5")


def yosys_script(target: str, top: str, period_ps: float, *, flat: bool) -> str:
    """The commands that make a target's cells of ``design.il`` and leave what is read afterwards.

    ``cells.json`` has the cells of each module; with `flat`, there is one module, ``netlist.v`` is
    it, and ``depth.txt`` has its longest path. Without, each module is synthesised on its own.
    ``flip_flops.json`` has the cells as they are before flip-flops become a library's. An FPGA's
    design is always flat and leaves ``placed.json`` for nextpnr, but neither of those two.

    Parameters
    ----------
    target : str
        One of `synthesise.TARGETS`; for ``liberty``, ``cells.lib`` and ``drive.constr`` are there.
    top : str
        The module.
    period_ps : float
        Of the clock; half of it is for the gates between flip-flops, in what ABC aims at.
    """
    if is_fpga(target):
        made = f"synth_{target} -top {top} -json placed.json"
        counts = (*_count("flip_flops", ""), *_count("cells", ""))
        return _script("read_rtlil design.il", KEEP_STATES, made, *counts, _WRITE)
    plain = () if target == "generic" else _PLAIN_FLIP_FLOPS
    front = f"synth -top {top} -noabc" + (" -flatten" if flat else "")
    return _script(
        "read_rtlil design.il",
        KEEP_STATES,
        front,
        *plain,
        "delete */t:$scopeinfo",
        *([_BUFFER_PORTS] if target == "liberty" and flat else []),
        _abc(target, period_ps),
        "opt_clean -purge",
        *_finish(target, flat),
    )


def _script(*commands: str) -> str:
    return "\n".join(commands) + "\n"


def _abc(target: str, period_ps: float) -> str:
    steps: Sequence[str] = _DELAY_FIRST
    options = {"generic": "", "cmos": "-g cmos4"}.get(target)
    if options is None:
        steps = (*_DELAY_FIRST, *_BUFFERED)
        options = f"{_LIBRARY} -constr drive.constr -D {round(period_ps / 2)}"
    # Yosys wants commas for blanks.
    return f"abc {options} -script +{';'.join(steps).replace(' ', ',')}"


def _finish(target: str, flat: bool) -> list[str]:
    # ltp knows Yosys's own flip-flops only, and a library's gates once their pins are read.
    commands = [f"read_liberty -lib {_LIBRARY.split()[1]}"] if target == "liberty" else []
    commands += ["tee -q -o depth.txt ltp -noff"] if flat else []
    commands += _count("flip_flops", "")
    if target == "liberty":
        commands += [f"dfflibmap -map-only {_LIBRARY}", "opt_clean -purge"]
    commands += _count("cells", {"cmos": "-tech cmos", "liberty": _LIBRARY}.get(target, ""))
    if flat:
        # Cells are called after what they drive, so that a path can be told in words.
        commands += ["rename -wire", "splitnets", "opt_clean -purge", _WRITE]
    return commands


def _count(name: str, options: str) -> list[str]:
    return [f"tee -q -o {name}.json stat -json {options}".rstrip()]
