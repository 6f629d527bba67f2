"""Thresholds in the array: batch-norm into thresholds, thresholds into bias columns.

With s the sum over a neuron's N inputs, b the sum of its bias weights and n = N + n_b odd, the
array gives +1 iff s + b > 0; n odd makes s + b odd, so that is s >= 1 - b. Source: physics.md,
"Bias columns"; the number of bias columns follows Ezzadeen et al. 2024.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import InputError

SMALL_LAYER_BIAS_COLUMNS = 64
"""Below N = 640 the authors' rule gives fewer columns than this, so few that ordinary thresholds
saturate (s has a standard deviation of about sqrt(N)); a small layer gets this many instead, or the
N + 1 that hold any threshold."""


def authors_bias_columns(inputs: int) -> int:
    """The authors' bias columns for N inputs: 2 * floor(0.05 * N), here plus one for even N."""
    return 2 * (inputs // 20) + (inputs + 1) % 2


def hidden_bias_columns(inputs: int) -> int:
    """Default number of bias columns n_b of a hidden layer.

    `authors_bias_columns`: 102 for 1025, 79 for 784. Where that is less than
    min(N + 1, `SMALL_LAYER_BIAS_COLUMNS`) it is raised to it. N + n_b is odd.

    Parameters
    ----------
    inputs : int
        N, at least 1.
    """
    parity = (inputs + 1) % 2
    return max(authors_bias_columns(inputs), min(inputs + 1, SMALL_LAYER_BIAS_COLUMNS + parity))


def count_bias_columns(inputs: int) -> int:
    """Bias columns of a last layer: what makes N + n_b odd, so 0 for odd N, 1 for even N."""
    return (inputs + 1) % 2


def require_bias_columns(inputs: int, bias_columns: int) -> None:
    """Raise InputError unless `bias_columns` is an integer >= 0 that makes the fan-in odd."""
    good = isinstance(bias_columns, int) and not isinstance(bias_columns, bool)
    if not good or bias_columns < 0 or (inputs + bias_columns) % 2 == 0:
        kind = "odd" if inputs % 2 == 0 else "even"
        raise InputError(
            f"bias_columns: found {bias_columns!r}, expected an {kind} integer of at least 0, "
            f"so that the fan-in with {inputs} inputs is odd"
        )


@dataclass(frozen=True, eq=False)
class BiasColumns:
    """The bias columns of a hidden layer of M neurons."""

    weights: np.ndarray
    """int8 (M, n_b) of -1 and +1; row sums are b."""
    thresholds: np.ndarray
    """int32 (M,): 1 - b, the thresholds that the array has in effect."""
    saturated: np.ndarray
    """bool (M,): the neuron differs from the wanted one for some input."""


def bias_for_thresholds(
    thresholds: np.ndarray, inputs: int, bias_columns: int, input_top: int = 1
) -> BiasColumns:
    """Express thresholds as bias columns.

    A bias column carries the largest input T = 2^k - 1 (1 for bits), so that the array gives +1 iff
    s >= 1 - T b: with several bits per input a threshold between two of these gets the nearer one,
    and counts as saturated. A threshold beyond what n_b columns reach saturates: the neuron gets
    the nearest that they do reach. A threshold beyond every possible s (a constant neuron) counts
    as the nearest one that is constant too, so `saturated` marks just the neurons that compute
    something else.

    Parameters
    ----------
    thresholds : int32 (M,)
        +1 iff s >= threshold.
    inputs : int
        N.
    bias_columns : int
        n_b, with N + n_b odd.
    input_top : int
        T, odd.

    Raises
    ------
    InputError
        `bias_columns` is negative or has the wrong parity.
    """
    require_bias_columns(inputs, bias_columns)
    reach = input_top * inputs
    wanted = np.asarray(thresholds, dtype=np.int64)
    wanted = wanted + (wanted - inputs) % 2  # s has the parity of N: the next value it can take
    wanted = np.clip(wanted, -reach, reach + 2)
    parity = bias_columns % 2
    steps = np.floor(((1 - wanted) / input_top - parity) / 2 + 0.5).astype(np.int64)
    bias = np.clip(2 * steps + parity, -bias_columns, bias_columns)
    positive = (bias_columns + bias) // 2
    columns = np.arange(bias_columns)
    weights = np.where(columns < positive[:, None], 1, -1).astype(np.int8)
    effective = (1 - input_top * bias).astype(np.int32)
    return BiasColumns(weights, effective, np.clip(effective, -reach, reach + 2) != wanted)


def fold_batch_norm(
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold ``gamma * (s - mean) / sqrt(variance + epsilon) + beta >= 0`` into thresholds.

    The floats are taken at their exact values and the comparison is solved exactly. A neuron with
    gamma 0 is constant: its threshold is the least or the largest int32. Thresholds beyond int32
    are clipped to it.

    Parameters
    ----------
    mean, variance, gamma, beta : float (M,)
        Running statistics, scale and shift.
    epsilon : float
        Added to the variance.

    Returns
    -------
    thresholds : int32 (M,)
        +1 iff s >= threshold, with s of the flipped weights where `flip` is set.
    flip : bool (M,)
        The neuron's weights are to be negated (gamma is negative).

    Raises
    ------
    InputError
        Arrays of unequal shape, a value that is not finite, a variance below 0, or a variance plus
        epsilon that is not above 0.
    """
    parameters = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta}
    columns = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    _require_batch_norm(columns, float(epsilon))
    flip = columns["gamma"] < 0
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    limits = np.iinfo(np.int32)
    thresholds = [
        min(max(_threshold(row, float(epsilon), limits), limits.min), limits.max) for row in rows
    ]
    return np.array(thresholds, dtype=np.int32), flip


def _require_batch_norm(columns: dict[str, np.ndarray], epsilon: float) -> None:
    shape = columns["mean"].shape
    for name, column in columns.items():
        if column.ndim != 1 or column.shape != shape:
            raise InputError(f"{name}: found shape {column.shape}, expected {shape}, that of mean")
        for i in np.flatnonzero(~np.isfinite(column))[:1]:
            raise InputError(f"{name}[{i}]: found {column[i]}, expected a finite number")
    if not (math.isfinite(epsilon) and epsilon >= 0):
        raise InputError(f"epsilon: found {epsilon}, expected a finite number of at least 0")
    for i in np.flatnonzero((columns["variance"] < 0) | (columns["variance"] + epsilon <= 0))[:1]:
        found = columns["variance"][i]
        raise InputError(
            f"variance[{i}]: found {found} with epsilon {epsilon}, "
            "expected at least 0 and a sum above 0"
        )


def _threshold(row: tuple[float, ...], epsilon: float, limits: np.iinfo) -> int:
    mean, variance, gamma, beta = (Fraction(value) for value in row)
    if gamma == 0:
        return int(limits.min if beta >= 0 else limits.max)
    # Divided by |gamma|, with t = s for positive gamma and t = -s for negative:
    # t - shift + sign(beta) * sqrt(square) >= 0.
    shift = mean if gamma > 0 else -mean
    square = (beta / gamma) ** 2 * (variance + Fraction(epsilon))
    return _least_integer(shift, square, -1 if beta < 0 else 1)


def _least_integer(shift: Fraction, square: Fraction, sign: int) -> int:
    """The least integer t with t - shift + sign * sqrt(square) >= 0."""
    # The root within 2^-64 leaves two candidates, which the exact comparison decides.
    scaled = square.numerator * square.denominator << 128
    root = Fraction(math.isqrt(scaled), square.denominator << 64)
    guess = math.ceil(shift - sign * root)
    return next(t for t in range(guess - 1, guess + 2) if _reaches(t - shift, square, sign))


def _reaches(difference: Fraction, square: Fraction, sign: int) -> bool:
    if sign > 0:
        return difference >= 0 or difference**2 <= square
    return difference >= 0 and difference**2 >= square
