"""Exact error probabilities of one neuron: what ``popbridge errors`` and its drawing show."""

from typing import Annotated

from ..behav.neuron.error_law import error_law
from ..behav.neuron.neuron_errors import wrong_sign_probabilities
from ..bnn.thresholds import authors_bias_columns
from ..field_types import ClockNanoseconds, Limits
from ..record import Record, Result

LARGEST_INPUTS = 30_000
"""Of a neuron, for the exact computation; some more than the authors' largest."""


class ErrorsRequest(Record):
    """A neuron, the clock of its comparator, and bit error rates."""

    inputs: Annotated[int, Limits(1, LARGEST_INPUTS)]
    """Bias columns come on top."""
    clock_ns: ClockNanoseconds
    """Clock period of the comparator; 6, 8 and 20 ns are published."""
    ber: tuple[Annotated[float, Limits(0, 0.5)], ...]
    """Bit error rates of a column's product."""


class ErrorsResult(Result):
    """Probability of the wrong sign for every popcount surplus."""

    made_by = "popbridge errors"

    inputs: int
    bias_columns: int
    fan_in: int
    """Columns: both together."""
    clock_ns: float
    note: str | None
    """What to know of the error law at a clock that was not published."""
    sigma_counts: float
    """Standard deviation of the comparator's noise, counts."""
    ber: tuple[float, ...]
    probabilities: tuple[tuple[float, ...], ...]
    """Of each bit error rate, by surplus from 0 to fan_in // 2."""


def errors(request: ErrorsRequest) -> ErrorsResult:
    """Compute the probabilities; below 1e-30 they are given as 0."""
    law, note = error_law(request.clock_ns * 1e-9)
    bias_columns = authors_bias_columns(request.inputs)
    fan_in = request.inputs + bias_columns
    wrong = wrong_sign_probabilities(fan_in, law, request.ber)
    return ErrorsResult(
        inputs=request.inputs,
        bias_columns=bias_columns,
        fan_in=fan_in,
        clock_ns=request.clock_ns,
        note=note,
        sigma_counts=law.sigma_counts(fan_in),
        ber=request.ber,
        probabilities=tuple(map(tuple, wrong.T.tolist())),
    )
