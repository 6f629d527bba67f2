"""What is analog in a run's waveform file: probes, as they are written."""

from collections.abc import Sequence

from ...errors import InputError
from ...hdl.config import LayerConfig, NetworkConfig
from ...sim.waves.analog import DEFAULT_COLUMNS, Probe

FORM = "LAYER:MACRO[:COLUMN,COLUMN...]"


def parse_probes(texts: Sequence[str], config: NetworkConfig) -> list[Probe]:
    """The probes that are written, of the macros of a network.

    Raises
    ------
    InputError
        A probe of another form, of what the network does not have, or twice of one macro.
    """
    probes = [_probe(text, config) for text in texts]
    places = [(probe.layer, probe.macro) for probe in probes]
    for place, text in zip(places, texts, strict=True):
        if places.count(place) > 1:
            raise InputError(f"probe: found the macro of {text!r} twice, expected it once")
    return probes


def _probe(text: str, config: NetworkConfig) -> Probe:
    name, *rest = text.split(":")
    if not 1 <= len(rest) <= 2:
        raise InputError(f"probe: found {text!r}, expected {FORM}")
    names = [layer.name for layer in config.layers]
    if name not in names:
        raise InputError(f"probe: found layer {name!r}, expected one of: {', '.join(names)}")
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
        raise InputError(f"probe: found {what} {text!r}, expected 0 to {count - 1}")
    return int(text)
