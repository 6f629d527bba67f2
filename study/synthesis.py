"""What a controller costs and which clock it reaches: what ``popbridge synth`` asks and finds."""

from pathlib import Path

from ..bnn.catalog import find_network
from ..bnn.mapping import map_network
from ..errors import InputError
from ..field_types import Positive
from ..flow.synthesis.designs import controller_design, one_macro_network
from ..flow.synthesis.synthesise import SynthResult, require_target, synthesise
from ..hdl.config import NetworkConfig
from ..progress import Progress, silent
from ..record import Record, Result
from ..sim.cosim import BUILD_FOLDER
from ..whole_file import made_folder
from .presets import find_macro


class SynthesisRequest(Record):
    """A controller, and what it is made of."""

    network: str | None = None
    """A shipped network's name or a network file; without it one layer that fills one macro."""
    macro: str = "default"
    """A preset's name or a TOML file."""
    target: str = "generic"
    """One of `flow.synthesis.synthesise.TARGETS`."""
    liberty: Path | None = None
    """The library of target liberty; without it an installed one."""
    clock_mhz: Positive | None = None
    """The clock to aim at; without it the macro's own."""
    output: Path = BUILD_FOLDER / "synth"
    """Where netlist, constraints and logs go, in a folder for each target."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.liberty is not None and self.target != "liberty":
            raise InputError(
                f"liberty: found target {self.target}, expected --target liberty with it"
            )

    @property
    def folder(self) -> Path:
        """Where its files go."""
        return self.output / self.target


class SynthesisResult(SynthResult, Result):
    """What the controller takes; docs/synthesis.md."""

    made_by = "popbridge synth"

    design: str
    """What was synthesised, in words."""


def synthesis(request: SynthesisRequest, progress: Progress = silent) -> SynthesisResult:
    """Synthesise the controller.

    Raises
    ------
    InputError
        Something of the request, or a tool, is not there; the folder cannot be made.
    ToolError
        A tool stops; that a design does not fit an FPGA is a result, not an error.
    """
    require_target(request.target, request.liberty)
    config, design = _selected(request)
    clock_mhz = request.clock_mhz
    found = synthesise(
        controller_design(config, 1e6 / clock_mhz if clock_mhz else None),
        request.target,
        made_folder(request.folder),
        liberty=request.liberty,
        progress=progress,
    )
    return SynthesisResult(design=design, **vars(found))


def _selected(request: SynthesisRequest) -> tuple[NetworkConfig, str]:
    """What is synthesised, and what it is called."""
    macro = find_macro(request.macro)
    size = f"{macro.rows} x {macro.columns}"
    if request.network is None:
        return one_macro_network(macro), f"controller of one full macro, {size}"
    mapped = map_network(find_network(request.network), macro)
    return mapped.config, f"controller of {mapped.network.name}, macros {size}"
