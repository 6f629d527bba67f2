"""What is chosen by name: a preset, or a TOML file of one's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from ..behav.conditions import CONDITIONS
from ..behav.parameters.chip import ChipParameters
from ..behav.parameters.energy import ENERGY, EnergyParameters
from ..errors import InputError
from ..hdl.config import MACROS, MacroConfig
from ..record import Record

Parameters = TypeVar("Parameters", bound=Record)


def find_preset(name: str, presets: Mapping[str, Parameters], kind: type[Parameters]) -> Parameters:
    """A preset by name, or what is in a TOML file.

    Raises
    ------
    InputError
        Neither a preset nor a file, or a file with something wrong in it.
    """
    if name in presets:
        return presets[name]
    if Path(name).exists():
        return kind.from_toml(Path(name))
    raise InputError(
        f"{name}: found no such preset or file, expected a TOML file or one of: "
        f"{', '.join(presets)}"
    )


def find_macro(name: str) -> MacroConfig:
    """A macro by name or file."""
    return find_preset(name, MACROS, MacroConfig)


def find_condition(name: str) -> ChipParameters:
    """A programming and read condition by name or file."""
    return find_preset(name, CONDITIONS, ChipParameters)


def find_energy(name: str) -> EnergyParameters:
    """The energy of the circuits by name or file."""
    return find_preset(name, ENERGY, EnergyParameters)
