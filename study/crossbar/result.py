"""What a comparison of bridge and crossbar finds, as records."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ...behav.crossbar.read_load import ReadLoad
from ...errors import InputError
from ...field_types import Count, Magnitude, Share, Size
from ...record import Result, ResultPart, require_at_most

Found = TypeVar("Found", covariant=True)


class Pair(Protocol[Found]):
    """What has something of both arrays."""

    @property
    def bridge(self) -> Found: ...
    @property
    def crossbar(self) -> Found: ...


def of_arrays(pair: Pair[Found]) -> dict[str, Found]:
    """What a pair has, by the array's name."""
    return {"bridge": pair.bridge, "crossbar": pair.crossbar}


class ArrayAccuracy(ResultPart):
    """Accuracy of one kind of array."""

    accuracy: Share
    """Mean over the chips."""
    of_chips: tuple[Share, ...]


class ReadAccuracy(ArrayAccuracy):
    """Accuracy, and what reading the widest layer asks of the wires."""

    read: ReadLoad


class WrongSigns(ResultPart):
    """Signs of random neurons that differ from the exact sum's."""

    wrong: Count
    error_rate: Share
    read: ReadLoad


class FastForm(ResultPart):
    """The crossbar's fast form beside the solution of its whole network."""

    current_error: Magnitude
    """Root mean square over that of the exact differences of current."""
    signs: Count
    wrong_signs: Count

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_most(self, wrong_signs=self.signs)


class SpreadPoint(ResultPart):
    """Both arrays at one spread of the devices."""

    sigma_ln: Magnitude
    """Of ln R, the same in both states."""
    bridge: ArrayAccuracy
    crossbar: ArrayAccuracy


class WirePoint(ResultPart):
    """Both arrays with one wire."""

    wire_ohm: Magnitude
    """Per cell of every line."""
    bridge: ReadAccuracy
    crossbar: ReadAccuracy
    fast_form: FastForm


class FanInPoint(ResultPart):
    """Both arrays under neurons of one size."""

    inputs: Size
    fan_in: Size
    """Columns: the inputs and a bias column where they are even."""
    evaluations: Size
    bridge: WrongSigns
    crossbar: WrongSigns
    fast_form: FastForm

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, signs in of_arrays(self).items():
            if signs.wrong > self.evaluations:
                raise InputError(
                    f"{name}.wrong: found {signs.wrong}, expected at most {self.evaluations}"
                )


class Losses(ResultPart):
    """Swept value at which each array has lost `comparison.LOST`; None if not within the sweep."""

    bridge: float | None
    crossbar: float | None


class SpreadSweep(ResultPart):
    """Points by rising spread."""

    points: tuple[SpreadPoint, ...]
    loss_at: Losses


class WireSweep(ResultPart):
    """Points by rising resistance."""

    points: tuple[WirePoint, ...]
    loss_at: Losses


class FanInSweep(ResultPart):
    """Points by rising fan-in."""

    points: tuple[FanInPoint, ...]


class References(ResultPart):
    """Accuracies without variation and wires."""

    software: Share
    bridge: Share
    crossbar: Share


class CompareResult(Result):
    """Bridge and crossbar over the devices' spread, the wire and the fan-in; docs/crossbar.md."""

    made_by = "popbridge compare"

    network: str
    images: Size
    data: str
    labels: str
    """Where they are from: the data, or the software network."""
    condition: str
    macro: str
    chips: tuple[Count, ...]
    seed: Count
    reference: References
    lost: Share
    spread: SpreadSweep
    wire: WireSweep
    fan_in: FanInSweep
    warnings: tuple[str, ...] = ()
    """What makes the result doubtful, a sentence each."""

    def __post_init__(self) -> None:
        """The fields' types, and that every accuracy is of these chips."""
        super().__post_init__()
        sweeps: dict[str, Sequence[Pair[ArrayAccuracy]]]
        sweeps = {"spread": self.spread.points, "wire": self.wire.points}
        for name, points in sweeps.items():
            for index, point in enumerate(points):
                for array, found in of_arrays(point).items():
                    if len(found.of_chips) != len(self.chips):
                        raise InputError(
                            f"{name}.points[{index}].{array}.of_chips: found "
                            f"{len(found.of_chips)}, expected {len(self.chips)}, one per chip"
                        )
