"""What a sweep over chips finds, as records."""

import math

from ...errors import InputError
from ...field_types import Count, Magnitude, Positive, Share, Size
from ...record import Result, ResultPart, require_equal

TOLERANCE = 1e-9
"""Of a mean that is computed twice."""


class Accuracy(ResultPart):
    """Accuracy of several chips; of one chip neither spread nor interval is known."""

    mean: Share
    std: Magnitude | None
    """Between chips (n - 1)."""
    ci95: tuple[Share, Share] | None
    """95 % confidence interval of the mean by Student's t over the chips, for these images."""


class LayerErrors(ResultPart):
    """Outputs of a layer that differ from the software network's for the same inputs."""

    name: str
    error_rate: Share


class ChipsResult(ResultPart):
    """What the chips of a point come to."""

    chips: Size
    accuracy: Accuracy
    chip_accuracies: tuple[Share, ...]
    """In the order of the chips."""
    layers: tuple[LayerErrors, ...]

    def __post_init__(self) -> None:
        """The fields' types, and that the accuracies are those of the chips."""
        super().__post_init__()
        require_equal(self, chips=len(self.chip_accuracies))
        mean = sum(self.chip_accuracies) / self.chips
        found = self.accuracy
        if not math.isclose(found.mean, mean, abs_tol=TOLERANCE):
            raise InputError(f"accuracy.mean: found {found.mean:g}, expected {mean:g} by its chips")
        if found.ci95 is not None and not found.ci95[0] <= found.mean <= found.ci95[1]:
            raise InputError(f"accuracy.ci95: found {found.ci95}, expected the mean within")
        if (found.std is None, found.ci95 is None) != (self.chips == 1,) * 2:
            raise InputError("accuracy.std: expected it and ci95 of several chips, and only then")


class PointResult(ChipsResult):
    """One way to make and read chips, and what they come to."""

    condition: str
    clock_ns: Positive
    """Time of a SIGN row, and clock of an error law."""
    vdd_v: Positive | None
    """None: ideal devices have no supply."""
    ber: Share | None
    """Bit error rate that the layers of `error_layers` follow the published error law at."""
    error_layers: tuple[str, ...]
    calibrated: ChipsResult | None
    """The same chips after calibration, where that was asked for."""


class AccuracyResult(Result):
    """A sweep over chips; docs/accuracy.md."""

    made_by = "popbridge accuracy"

    network: str
    images: Size
    data: str
    macro: str
    software_accuracy: Share
    first_chip: Count
    points: tuple[PointResult, ...]
    """Every combination of condition, clock, supply and bit error rate, in this order."""
    seed: Count
    versions: dict[str, str]
    notes: tuple[str, ...] = ()
    """What to know of error laws at clocks that were not published."""
    warnings: tuple[str, ...] = ()
    """What makes the result doubtful, a sentence each."""
