"""The options ``--waves`` and ``--probe``: a waveform file, and what is analog in it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError
from ...hdl.config import LayerConfig, NetworkConfig
from ...sim.waves.analog import DEFAULT_COLUMNS, Probe, default_probes

FORM = "LAYER:MACRO[:COLUMN,COLUMN...]"


def add_waves_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--waves`` and ``--probe``."""
    parser.add_argument(
        "--waves", type=Path, metavar="PATH",
        help="also write a VCD file: all digital signals, and the analog lines of probed macros",
    )  # fmt: skip
    parser.add_argument(
        "--probe", action="append", metavar=FORM,
        help="a macro whose lines V_P and V_N and source lines are in the file, such as "
        f"layer0:2:0,7; without columns the first {DEFAULT_COLUMNS}; repeatable; without any, "
        "macro 0 of the first layer",
    )  # fmt: skip


def selected_probes(arguments: argparse.Namespace, config: NetworkConfig) -> Sequence[Probe]:
    """The probes of the command line.

    Raises
    ------
    InputError
        A probe of another form, or of what the network does not have; one without ``--waves``.
    """
    if arguments.probe is None:
        return default_probes(config)
    if arguments.waves is None:
        raise InputError("--probe: found no --waves, expected a file for the probed lines")
    probes = [_probe(text, config) for text in arguments.probe]
    places = [(probe.layer, probe.macro) for probe in probes]
    for place, text in zip(places, arguments.probe, strict=True):
        if places.count(place) > 1:
            raise InputError(f"--probe: found the macro of {text!r} twice, expected it once")
    return probes


def _probe(text: str, config: NetworkConfig) -> Probe:
    name, *rest = text.split(":")
    if not 1 <= len(rest) <= 2:
        raise InputError(f"--probe: found {text!r}, expected {FORM}")
    names = [layer.name for layer in config.layers]
    if name not in names:
        raise InputError(f"--probe: found layer {name!r}, expected one of: {', '.join(names)}")
    layer = config.layers[names.index(name)]
    macro = _number("macro", rest[0], layer.macros)
    return Probe(layer=names.index(name), macro=macro, columns=_columns(rest[1:], layer))


def _columns(listed: Sequence[str], layer: LayerConfig) -> tuple[int, ...]:
    if not listed:
        return tuple(range(min(DEFAULT_COLUMNS, layer.fan_in)))
    columns = [_number("column", text, layer.fan_in) for text in listed[0].split(",")]
    return tuple(dict.fromkeys(columns))


def _number(what: str, text: str, count: int) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) >= count:
        raise InputError(f"--probe: found {what} {text!r}, expected 0 to {count - 1}")
    return int(text)
