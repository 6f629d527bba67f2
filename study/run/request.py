"""What `popbridge run` is asked for."""

from pathlib import Path

from ...errors import InputError
from ...hdl.config import NetworkConfig
from ..request import ChipRequest


class RunRequest(ChipRequest):
    """One co-simulation, its choices by name; each is the option of that name of the command."""

    energy: str = "130nm"
    """A preset's name or a TOML file."""
    data: Path | None = None
    """Images: an .npz file or a folder of IDX files; without it the shipped test images where
    they fit, else random ones."""
    images: int | None = None
    """How many, from the first; without it `images.DEFAULT_IMAGES`, or all if fewer."""
    simulator: str = "verilator"
    """One of `cosim.SIMULATORS`."""
    strict: bool = False
    """Answer every strobe from the arrays' pins alone."""
    netlist: bool = False
    """Simulate the gates that Yosys makes of the hardware."""
    calibrate: bool = False
    """Have the hardware cancel its comparators' offsets before the images."""
    program: bool = False
    """Start from blank arrays."""
    self_test: bool = False
    """Write test patterns before the weights, and count failing cells."""
    waves: Path | None = None
    """Where a VCD file goes."""
    probe: tuple[str, ...] | None = None
    """What is analog in it, see `probes.FORM`; without it macro 0 of the first layer."""

    def require_programmable(self, config: NetworkConfig) -> None:
        """Raise InputError if other choices do not go with `program`."""
        if not self.program:
            if self.self_test:
                raise InputError("self_test: found without --program, expected both")
            return
        if not config.programmable:
            raise InputError(
                f"program: found macro {self.macro}, expected one that sets programmable "
                "(popbridge presets programmable)"
            )
        if self.chip is None:
            raise InputError(
                "chip: found ideal with --program, expected a number: an ideal chip has no devices"
            )
        for name, found in (("strict", self.strict), ("waves", self.waves)):
            if found:
                raise InputError(f"{name}: found with --program, expected one of the two")

    def command(self, images: int) -> tuple[str, ...]:
        """The words of the command that gives the same result: every choice, defaults too."""
        chosen = {
            "--macro": self.macro,
            "--chip": "ideal" if self.chip is None else self.chip,
            "--condition": self.condition,
            "--seed": self.seed,
            "--energy": self.energy,
            "--data": self.data,
            "--sim": self.simulator,
            "--images": images,
        }
        flags = [
            f"--{name.replace('_', '-')}" for name, value in vars(self).items() if value is True
        ]
        words = [[name, str(value)] for name, value in chosen.items() if value is not None]
        return (
            *("popbridge", "run", self.network),
            *(word for pair in words for word in pair),
            *flags,
        )
