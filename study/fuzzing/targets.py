"""What is fuzzed: every reader of files that a user gives, with small valid files for each."""

import contextlib
import gzip
import io
import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...behav.conditions import CONDITIONS
from ...behav.parameters.chip import ChipParameters
from ...behav.parameters.energy import ENERGY, EnergyParameters
from ...bnn.idx import read_idx
from ...bnn.images import ImageSet, read_images
from ...bnn.network import DenseLayer, Network
from ...bnn.network_file import read_network, write_network
from ...flow.tools.liberty import read_cells
from ...hdl.config import MACROS, MacroConfig
from ...record import Record
from ...sim.waves.analog import ANALOG_SCOPE, LINE_NAMES, SL_PREFIX
from ...sim.waves.traces import PULSE_PINS, read_evaluation
from ..accuracy.result import AccuracyResult
from ..jobs.journal import Journal
from ..run.job import run
from ..run.request import RunRequest
from ..run.result import RunResult
from .mutations import Mutation, any_array, any_bytes, any_value, inside_gzip


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader."""

    readers: tuple[str, ...]
    """Functions that it goes through, ``module.name`` below the package."""
    file: str
    """Name of the file that it is given."""
    seeds: Callable[[], Sequence[bytes]]
    """Valid files."""
    read: Callable[[Path], None]
    """Read a file, and raise AssertionError unless what was read is whole."""
    mutations: tuple[Mutation, ...] = (any_bytes, any_value)


_SHAPE = (2, 3)


def _network_seeds() -> list[bytes]:
    hidden = DenseLayer(np.ones((2, 6), np.int8), thresholds=np.array([1, -1], np.int32))
    last = DenseLayer(-np.ones((3, 2), np.int8), offsets=np.array([-5, 0, 5], np.int32))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        found = []
        for bits in (1, 4):
            write_network(Network("small", _SHAPE, 128, (hidden, last), bits), path)
            found.append(path.read_bytes())
    return found


def _read_network(path: Path) -> None:
    network = read_network(path)
    again = path.with_suffix(".again")
    write_network(network, again)
    same = read_network(again)
    assert (same.name, same.input_shape, same.bits_per_input) == (
        network.name, network.input_shape, network.bits_per_input,
    )  # fmt: skip
    for one, other in zip(network.layers, same.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)


def _archive(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _image_seeds() -> list[bytes]:
    images = np.arange(24, dtype=np.uint8).reshape(4, *_SHAPE)
    return [_archive(images=images), _archive(images=images, labels=np.arange(4, dtype=np.int64))]


def _require_images(images: ImageSet) -> None:
    assert images.images.dtype == np.uint8 and images.shape == _SHAPE and len(images) > 0
    assert images.labels is None or images.labels.shape == (len(images),)


def _read_images(path: Path) -> None:
    _require_images(read_images(path, _SHAPE))


_IDX = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, *_SHAPE) + bytes(range(12))


def _read_folder(path: Path) -> None:
    _require_images(read_images(path.parent, _SHAPE))


def _read_idx(path: Path) -> None:
    found = read_idx(path)
    content = path.read_bytes()
    sizes = struct.pack(f">{found.ndim}I", *found.shape)
    assert content == bytes([0, 0, 8, found.ndim]) + sizes + found.tobytes()


def _settings(kind: type[Record], presets: Sequence[Record], name: str) -> Target:
    def read(path: Path) -> None:
        found = kind.from_toml(path)
        path.write_text(found.to_toml(), encoding="utf-8")
        assert kind.from_toml(path) == found

    return Target(
        readers=("record.Record.from_toml", "text_file.read_toml", "text_file.parse_toml"),
        file=f"{name}.toml",
        seeds=lambda: [preset.to_toml().encode() for preset in presets],
        read=read,
    )


def _run_seeds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        path.write_bytes(_network_seeds()[0])
        found = run(RunRequest(network=str(path), images=2, simulator="pysim"))
    return [found.to_json().encode()]


def _read_run(path: Path) -> None:
    found = RunResult.from_json(path)
    path.write_text(found.to_json(), encoding="utf-8")
    assert RunResult.from_json(path) == found


def _accuracy_seeds() -> list[bytes]:
    chips = {
        "chips": 2,
        "accuracy": {"mean": 0.75, "std": 0.1, "ci95": [0.5, 1.0]},
        "chip_accuracies": [0.7, 0.8],
        "layers": [{"name": "layer0", "error_rate": 0.01}],
    }
    point = {"condition": "nominal", "clock_ns": 6.0, "vdd_v": 1.2, "ber": 0.1, "calibrated": chips}
    found = AccuracyResult.from_dict(
        {
            "network": "small", "images": 4, "data": "images.npz", "macro": "default",
            "software_accuracy": 0.75, "first_chip": 1, "seed": 1, "versions": {"numpy": "2.4"},
            "points": [{**chips, **point, "error_layers": ["layer0"]}],
        }
    )  # fmt: skip
    return [found.to_json().encode()]


def _read_accuracy(path: Path) -> None:
    found = AccuracyResult.from_json(path)
    path.write_text(found.to_json(), encoding="utf-8")
    assert AccuracyResult.from_json(path) == found


def _read_journal(path: Path) -> None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        Journal[Any](path).add("a key of its own", [1])
        assert Journal[Any](path)["a key of its own"] == [1]
    lines = said.getvalue().splitlines()
    assert len(lines) <= 1 and all(line.isprintable() for line in lines)


_JOURNAL = b"""{"schema_version": 1, "key": "a", "result": {"b": [1, 2.5]}}
{"schema_version": 1, "key": "b", "result": null}
{"schema_version": 1, "told": 1}
"""


def _wave_seeds() -> list[bytes]:
    pins = ("wl", *PULSE_PINS)
    lines = ["$timescale 1ns $end", "$scope module top $end"]
    lines += [f"$var wire 1 p{index} m__{pin} $end" for index, pin in enumerate(pins)]
    lines += ["$upscope $end", f"$scope module {ANALOG_SCOPE} $end", "$scope module m $end"]
    analog = (*LINE_NAMES, f"{SL_PREFIX}3")
    lines += [f"$var real 64 a{index} {name} $end" for index, name in enumerate(analog)]
    lines += ["$upscope $end", "$upscope $end", "$enddefinitions $end", "#0"]
    lines += [f"b0 p{index}" for index in range(len(pins))]
    lines += [f"r0.5 a{index}" for index in range(len(analog))]
    lines += ["#5", "b1 p0", "r1.25 a0", "#9", "b1 p1", "#12", "b0 p0", "#20", ""]
    text = "\n".join(lines).replace(" m__", " l_macro0__").replace("module m ", "module l_macro0 ")
    return [text.encode()]


def _read_waves(path: Path) -> None:
    found = read_evaluation(path, "l", 0, 0)
    for trace in (found.v_p, found.v_n, *found.pins.values(), *found.sl.values()):
        assert trace.times_s.shape == trace.values.shape and len(trace.values) > 0


_LIBERTY = b"""library (small) {
  capacitive_load_unit (1, pf); nom_voltage : 1.8;
  cell (BUF) { area : 2.0; pin (A) { direction : input; capacitance : 0.01; }
    pin (Y) { direction : output; function : "A"; } }
  cell (NAND) { area : 3.0; pin (A) { direction : input; capacitance : 0.01; }
    pin (B) { direction : input; capacitance : 0.01; }
    pin (Y) { direction : output; function : "!(A*B) + (A^B)'"; } }
  cell (DFF) { area : 9.0; ff (IQ, IQN) { next_state : "D"; clocked_on : "C"; }
    pin (D) { direction : input; capacitance : 0.01; }
    pin (C) { direction : input; capacitance : 0.01; }
    pin (Q) { direction : output; function : "IQ"; } }
}
"""


def _read_liberty(path: Path) -> None:
    library = read_cells(path)
    for cell in library.cells.values():
        for function in cell.outputs.values():
            assert function is None or isinstance(function(dict.fromkeys(cell.input_f, 5)), int)


_IDX_READERS = ("bnn.idx.read_idx",)
_IMAGE_READERS = ("bnn.images.read_images", "bnn.archive.open_archive")
_JSON_READERS = ("record.Result.from_json", "text_file.read_json", "text_file.parse_json")
TARGETS = {
    "network": Target(
        readers=("bnn.network_file.read_network", "bnn.archive.open_archive"),
        file="network.npz",
        seeds=_network_seeds,
        read=_read_network,
        mutations=(any_bytes, any_array, any_array),
    ),
    "images": Target(
        readers=_IMAGE_READERS,
        file="images.npz",
        seeds=_image_seeds,
        read=_read_images,
        mutations=(any_bytes, any_array),
    ),
    "idx": Target(
        readers=_IDX_READERS, file="a-idx3-ubyte", seeds=lambda: [_IDX], read=_read_idx,
        mutations=(any_bytes,),
    ),
    "idx folder": Target(
        readers=("bnn.images.read_image_folder", *_IDX_READERS),
        file="t10k-images-idx3-ubyte.gz",
        seeds=lambda: [gzip.compress(_IDX, mtime=0)],
        read=_read_folder,
        mutations=(any_bytes, inside_gzip),
    ),
    "macro": _settings(MacroConfig, [*MACROS.values()], "macro"),
    "condition": _settings(ChipParameters, [*CONDITIONS.values()], "condition"),
    "energy": _settings(EnergyParameters, [*ENERGY.values()], "energy"),
    "run": Target(readers=_JSON_READERS, file="run.json", seeds=_run_seeds, read=_read_run),
    "accuracy": Target(
        readers=_JSON_READERS, file="accuracy.json", seeds=_accuracy_seeds,
        read=_read_accuracy,
    ),
    "journal": Target(
        readers=("study.jobs.journal.Journal",), file="journal.jsonl", seeds=lambda: [_JOURNAL],
        read=_read_journal,
    ),
    "waves": Target(
        readers=("sim.waves.traces.read_evaluation", "sim.waves.vcd_file.read_header"),
        file="waves.vcd",
        seeds=_wave_seeds,
        read=_read_waves,
    ),
    "liberty": Target(
        readers=("flow.tools.liberty.read_cells",), file="cells.lib", seeds=lambda: [_LIBERTY],
        read=_read_liberty,
    ),
}  # fmt: skip
"""By name."""
