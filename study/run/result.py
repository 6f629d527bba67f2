"""What `popbridge run` found: the fields of its JSON, which the report reads back."""

import math
from typing import ClassVar, Literal, TypeAlias

from ...errors import InputError
from ...field_types import Count, Magnitude, Share, Size
from ...hdl.config import MacroConfig
from ...record import Result, ResultPart
from .layer_result import Cycles, LayerResult

TOLERANCE = 1e-9
"""Of shares that are computed twice."""
Matrix: TypeAlias = tuple[tuple[Count, ...], ...]
"""Images by true class (rows) and given class (columns)."""


class Accuracy(ResultPart):
    """Share of images whose class is right; None without labels."""

    software: Share | None
    hardware: Share | None


class Confusion(ResultPart):
    """None without labels."""

    software: Matrix | None
    hardware: Matrix | None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, matrix in (("software", self.software), ("hardware", self.hardware)):
            if matrix is not None and any(len(row) != len(matrix) for row in matrix):
                raise InputError(f"{name}: found rows of other lengths, expected a square")


class Interval(ResultPart):
    """Clock cycles from result to result, which one image has not."""

    declared: Count
    measured: Count | None


class Speed(ResultPart):
    """Of the simulation, in wall time."""

    images_per_s: Magnitude
    evaluations_per_s: Magnitude


class LayerEnergy(ResultPart):
    """Energy of one layer's arrays, J."""

    name: str
    per_image_j: Magnitude
    per_evaluation_j: dict[str, Magnitude]
    """By cause; an evaluation is one row of one macro."""


class TopsPerW(ResultPart):
    """10^12 operations per joule."""

    peak: Magnitude
    """Of a full macro: 2 operations per column."""
    average: Magnitude
    """2 per input and neuron: bias columns cost energy and do not count."""


class Energy(ResultPart):
    """Energy of all arrays, J."""

    preset: str
    per_image_j: Magnitude
    per_evaluation_j: dict[str, Magnitude]
    layers: tuple[LayerEnergy, ...]
    tops_per_w: TopsPerW


class Spread(ResultPart):
    """Of a layer's macros."""

    min: float
    mean: float
    max: float


class LayerCalibration(ResultPart):
    """Offsets of one layer's comparators, popcount counts."""

    name: str
    macros: Size
    trim_bits: Size
    offset_counts: Spread
    """What the hardware measured."""
    residual_counts: Spread
    """What the trims leave of the offsets that the chip was drawn with."""
    saturated: Count
    """Macros at the end of the bank."""


class Calibration(ResultPart):
    """What the hardware found of its comparators before the images."""

    layers: tuple[LayerCalibration, ...]
    cycles: Cycles


class FailingCell(ResultPart):
    """A cell that the self-test found wrong."""

    pattern: str
    macro: Count
    line: Count
    """Word line."""
    column: Count


class LayerProgramming(ResultPart):
    """What programming a layer came to, from the controller's registers."""

    name: str
    pulses: Count
    retries: Count
    failed_cells: Count
    """Cells that read wrong at the end."""
    spare_rows_used: Count
    """Those that the self-test took included."""
    unrepairable_rows: Count
    cycles: Count
    """From each row's grant to its end, all rows together."""
    self_test: dict[str, Count] | None = None
    """Failing cells by pattern."""
    failing_cells: tuple[FailingCell, ...] | None = None


class RunResult(Result):
    """A run: what was asked for, and what came of it."""

    made_by: ClassVar[str] = "popbridge run"

    network: str
    images: Size
    data: str
    chip: Literal["ideal"] | Count
    condition: str | None
    """None of an ideal chip, which has no devices for a condition to act on."""
    macro: str
    simulator: str
    strict: bool
    netlist: bool
    calibration: Calibration | None
    programming: tuple[LayerProgramming, ...] | None = None
    programming_errors: tuple[str, ...] | None = None
    """Error flags of the controller."""
    accuracy: Accuracy
    confusion: Confusion
    geometry: MacroConfig
    layers: tuple[LayerResult, ...]
    cycles_per_image: Interval
    latency_cycles: Cycles
    unresolved: Count
    """Comparator decisions left so."""
    speed: Speed
    energy: Energy
    seed: Count
    versions: dict[str, str]
    command: tuple[str, ...]
    """The words of the command that gives the same result."""
    warnings: tuple[str, ...] = ()
    """What makes the result doubtful, a sentence each."""

    def __post_init__(self) -> None:
        """The fields' types, and that the parts speak of the same layers and causes."""
        super().__post_init__()
        if not self.layers:
            raise InputError("layers: found none, expected at least one")
        if [layer.name for layer in self.energy.layers] != [layer.name for layer in self.layers]:
            raise InputError("energy.layers: found other names, expected those of layers")
        for index, of_layer in enumerate(self.layers):
            if of_layer.evaluations != of_layer.neurons * self.images:
                raise InputError(
                    f"layers[{index}].evaluations: found {of_layer.evaluations}, expected "
                    f"{of_layer.neurons * self.images}, neurons times images"
                )
        self._require_confusion("software", self.accuracy.software, self.confusion.software)
        self._require_confusion("hardware", self.accuracy.hardware, self.confusion.hardware)
        for index, layer in enumerate(self.energy.layers):
            if list(layer.per_evaluation_j) != list(self.energy.per_evaluation_j):
                raise InputError(
                    f"energy.layers[{index}].per_evaluation_j: found other causes, "
                    "expected those of energy.per_evaluation_j"
                )

    def _require_confusion(self, name: str, share: float | None, matrix: Matrix | None) -> None:
        """Raise InputError unless a confusion matrix is of these images, with this accuracy."""
        if (share is None) != (matrix is None):
            raise InputError(f"confusion.{name}: found it without accuracy, expected both or none")
        if share is None or matrix is None:
            return
        right, counted = sum(row[i] for i, row in enumerate(matrix)), sum(map(sum, matrix))
        if counted > self.images:
            raise InputError(
                f"confusion.{name}: found {counted} images, expected at most {self.images}"
            )
        if not math.isclose(share, right / self.images, abs_tol=TOLERANCE):
            raise InputError(
                f"accuracy.{name}: found {share:g}, expected {right / self.images:g} by confusion"
            )
