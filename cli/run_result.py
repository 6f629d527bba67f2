"""The JSON of ``popbridge run``, read back and checked field by field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..hdl.config import PHASE_NAMES

LONGEST_SHOWN = 40
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True)
class _Plain:
    """A value that is neither table nor list."""

    expected: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class _Nullable:
    """What `inner` says, or null."""

    inner: Any


@dataclass(frozen=True)
class _Named:
    """A table of any names, each with a value as `inner` says."""

    inner: Any


def _is_number(value: Any) -> bool:
    # Python's JSON reads NaN and Infinity, and integers of any length.
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and abs(value) < 2**64


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**64


TEXT = _Plain("text", lambda value: isinstance(value, str))
FLAG = _Plain("true or false", lambda value: isinstance(value, bool))
NUMBER = _Plain("a finite number", _is_number)
POSITIVE = _Plain("a number above 0", lambda value: _is_number(value) and value > 0)
SHARE = _Plain("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1)
JOULES = _Plain("a number of at least 0", lambda value: _is_number(value) and value >= 0)
COUNT = _Plain("an integer of at least 0", _is_count)
SIZE = _Plain("an integer of at least 1", lambda value: _is_count(value) and value > 0)
CHIP = _Plain("ideal or an integer", lambda value: value == "ideal" or _is_count(value))

ACCURACY = {"software": _Nullable(SHARE), "hardware": _Nullable(SHARE)}
CONFUSION = {"software": _Nullable([[COUNT]]), "hardware": _Nullable([[COUNT]])}
GEOMETRY = {
    "rows": SIZE,
    "columns": SIZE,
    "votes": SIZE,
    "pipelined": FLAG,
    "timing": {
        "clock_period_s": POSITIVE,
        **dict.fromkeys(PHASE_NAMES, COUNT),
    },
}
LAYER = {
    "name": TEXT,
    "fan_in": SIZE,
    "bias_columns": COUNT,
    "neurons": SIZE,
    "macros": SIZE,
    "arrays": SIZE,
    "evaluations": SIZE,
    "bits_differing": COUNT,
    "saturated": COUNT,
    "bit_error_rate": SHARE,
    "cycles": {"declared": COUNT, "measured": COUNT},
    "row_speed": {
        "row_cycles": SIZE,
        "evaluations_per_us": POSITIVE,
        "strobe_slots_busy": {"declared": SHARE, "measured": SHARE},
    },
    "timing": [{"phase": TEXT, "configured_s": POSITIVE, "needed_s": NUMBER, "margin_s": NUMBER}],
    "mapping": {
        "inputs": SIZE,
        "bits_per_input": SIZE,
        "readout": TEXT,
        "rows_used": SIZE,
        "columns_used": SIZE,
        "slot_use": SHARE,
        "cell_use": SHARE,
    },
    "worst_neurons": [
        {
            "neuron": COUNT,
            "macro": COUNT,
            "row": COUNT,
            "differing": COUNT,
            "mean_surplus": _Nullable(NUMBER),
        }
    ],
}
ENERGY = {
    "preset": TEXT,
    "per_image_j": JOULES,
    "per_evaluation_j": _Named(JOULES),
    "layers": [{"name": TEXT, "per_image_j": JOULES, "per_evaluation_j": _Named(JOULES)}],
    "tops_per_w": {"peak": JOULES, "average": JOULES},
}
SPREAD = {"min": NUMBER, "mean": NUMBER, "max": NUMBER}
CALIBRATION = {
    "layers": [
        {
            "name": TEXT,
            "macros": SIZE,
            "trim_bits": SIZE,
            "offset_counts": SPREAD,
            "residual_counts": SPREAD,
            "saturated": COUNT,
        }
    ],
    "cycles": {"declared": COUNT, "measured": COUNT},
}
RUN = {
    "network": TEXT,
    "images": SIZE,
    "data": TEXT,
    "chip": CHIP,
    "condition": _Nullable(TEXT),
    "macro": TEXT,
    "simulator": TEXT,
    "strict": FLAG,
    "netlist": FLAG,
    "calibration": _Nullable(CALIBRATION),
    "accuracy": ACCURACY,
    "confusion": CONFUSION,
    "geometry": GEOMETRY,
    "layers": [LAYER],
    "cycles_per_image": {"declared": COUNT, "measured": _Nullable(COUNT)},
    "latency_cycles": {"declared": COUNT, "measured": COUNT},
    "unresolved": COUNT,
    "energy": ENERGY,
    "seed": COUNT,
    "versions": _Named(TEXT),
    "command": [TEXT],
}
"""What the report shows. A list here stands for any number of what it holds; other fields of the
file are ignored."""


def read_run(path: Path) -> dict[str, Any]:
    """Read what ``popbridge run --json`` wrote.

    Returns
    -------
    dict
        Every field of `RUN` is there and of its kind.

    Raises
    ------
    InputError
        No such file, no JSON, or a field that is missing or of another kind; it names the field.
    """
    result = _read_json(path)
    try:
        _require(result, RUN, "")
        _require_agreement(result)
    except InputError as error:
        raise InputError(f"{path}: {error} (of the JSON of popbridge run)") from None
    return result


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: found {error.strerror}, expected the JSON of popbridge run"
        ) from None
    except UnicodeDecodeError:
        found = "bytes that are no UTF-8"
    except json.JSONDecodeError as error:
        found = f"no whole JSON ({error.msg}, line {error.lineno})"
    except (RecursionError, ValueError):
        found = "JSON nested too deeply or with too long a number"
    raise InputError(f"{path}: found {found}, expected the JSON of popbridge run")


def _require(value: Any, expected: Any, field: str) -> None:
    """Raise InputError, naming the field, unless a value is of the expected kind."""
    if isinstance(expected, _Plain):
        if not expected.fits(value):
            raise _wrong(field, value, expected.expected)
    elif isinstance(expected, _Nullable):
        if value is not None:
            _require(value, expected.inner, field)
    elif isinstance(expected, list):
        if not isinstance(value, list):
            raise _wrong(field, value, "a list")
        for index, item in enumerate(value):
            _require(item, expected[0], f"{field}[{index}]")
    else:
        _require_fields(value, expected, field)


def _require_fields(value: Any, expected: _Named | dict[str, Any], field: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(field, value, "an object")
    inner = f"{field}." if field else ""
    if isinstance(expected, _Named):
        expected = dict.fromkeys(value, expected.inner)
    for name, kind in expected.items():
        if name not in value:
            raise InputError(f"{inner}{name}: found nothing, expected a value")
        _require(value[name], kind, f"{inner}{name}")


def _wrong(field: str, value: Any, expected: str) -> InputError:
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    if len(shown) > LONGEST_SHOWN:
        shown = f"{shown[:LONGEST_SHOWN]}..."
    return InputError(f"{field or 'the file'}: found {shown}, expected {expected}")


def _require_agreement(run: dict[str, Any]) -> None:
    """Raise InputError unless the parts speak of the same layers, causes and classes."""
    names, energy = [layer["name"] for layer in run["layers"]], run["energy"]
    if not names:
        raise InputError("layers: found none, expected at least one")
    if [layer["name"] for layer in energy["layers"]] != names:
        raise InputError("energy.layers: found other names, expected those of layers")
    for index, layer in enumerate(energy["layers"]):
        if list(layer["per_evaluation_j"]) != list(energy["per_evaluation_j"]):
            raise InputError(
                f"energy.layers[{index}].per_evaluation_j: found other causes, "
                "expected those of energy.per_evaluation_j"
            )
    for kind, matrix in run["confusion"].items():
        if matrix is not None and any(len(row) != len(matrix) for row in matrix):
            raise InputError(f"confusion.{kind}: found rows of other lengths, expected a square")
