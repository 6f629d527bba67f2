"""Presets by name, or what is in a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from ..errors import InputError
from ..record import Record

Parameters = TypeVar("Parameters", bound=Record)


def find_preset(name: str, presets: Mapping[str, Parameters], kind: type[Parameters]) -> Parameters:
    """A preset by name, or what is in a TOML file."""
    if name in presets:
        return presets[name]
    if Path(name).exists():
        return kind.from_toml(Path(name))
    raise InputError(
        f"{name}: found no such preset or file, expected a TOML file or one of: "
        f"{', '.join(presets)}"
    )
