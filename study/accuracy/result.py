"""What a sweep over chips finds, as records."""

from ...field_types import Count, Magnitude, Positive, Share, Size
from ...record import Result, ResultPart


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
