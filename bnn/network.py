"""A binarized network of dense layers: plain data, checked once at construction."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated

import numpy as np

from ..errors import InputError
from ..field_types import Limits, fits, wrong
from ..hdl.config import (
    WIDEST_BUS,
    LayerConfig,
    MacroConfig,
    NetworkConfig,
    Readout,
    largest_offset,
)
from .thresholds import count_bias_columns

MOST_DIMENSIONS = 32
"""Of an image; NumPy's arrays have at most 64."""


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """M neurons that all see the same N inputs.

    With x in {-1, +1}, neuron k has the sum s = sum over j of ``weights[k, j] * x[j]``.

    Parameters
    ----------
    weights : int8 (M, N)
        Each -1 or +1.
    thresholds : int32 (M,), optional
        Hidden layer: the neuron gives +1 iff s >= threshold.
    offsets : int32 (M,), optional
        Last layer: the score is s + offset, and fits 32 bits.

    Raises
    ------
    InputError
        An array of another type, shape or content, or not exactly one of `thresholds` and
        `offsets`.
    """

    weights: np.ndarray
    thresholds: np.ndarray | None = None
    offsets: np.ndarray | None = None

    def __post_init__(self) -> None:
        _require_array("weights", self.weights, np.dtype(np.int8))
        if not np.all(np.abs(self.weights) == 1):
            raise InputError("weights: found values other than -1 and +1, expected only these")
        if (self.thresholds is None) == (self.offsets is None):
            found = "neither" if self.thresholds is None else "both"
            raise InputError(f"layer: found {found}, expected either thresholds or offsets")
        per_neuron = {"thresholds": self.thresholds, "offsets": self.offsets}
        given = {name: array for name, array in per_neuron.items() if array is not None}
        for name, array in given.items():
            _require_array(name, array, np.dtype(np.int32), (self.outputs,))
        for name, array in {"weights": self.weights, **given}.items():
            own = np.array(array, order="C")
            own.setflags(write=False)
            object.__setattr__(self, name, own)
        self._require_scores_fit()

    def _require_scores_fit(self) -> None:
        if self.offsets is None:
            return
        # What the mapping's parity column adds to every sum is taken off the offsets.
        parity = count_bias_columns(self.inputs)
        most = largest_offset(self.inputs + parity)
        offsets = self.offsets.astype(np.int64)
        for found in offsets[np.abs(offsets - parity) > most][:1]:
            raise InputError(
                f"offsets: found {found}, expected integers from {parity - most} to "
                f"{parity + most}, so that every score fits 32 bits"
            )

    @property
    def inputs(self) -> int:
        """N."""
        return self.weights.shape[1]

    @property
    def outputs(self) -> int:
        """M."""
        return self.weights.shape[0]

    @cached_property
    def float_weights(self) -> np.ndarray:
        """The weights as a matrix product wants them: transposed (N, M), and in a type whose
        integers reach 255 N, for inputs of up to eight bits; converted once."""
        kind = np.float32 if 255 * self.inputs <= 2**24 else np.float64
        return np.ascontiguousarray(self.weights.T, dtype=kind)


def _require_array(
    name: str, array: np.ndarray, kind: np.dtype, shape: tuple[int, ...] | None = None
) -> None:
    """Raise InputError unless `array` is of this type and shape; of any two sizes without one."""
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name}: found {type(array).__name__}, expected a NumPy array")
    if array.dtype != kind:
        raise InputError(f"{name}: found dtype {array.dtype}, expected {kind}")
    fits_shape = array.shape == shape if shape else array.ndim == 2 and array.size > 0
    if not fits_shape:
        wanted = shape or "2 dimensions, none of size 0"
        raise InputError(f"{name}: found shape {array.shape}, expected {wanted}")


@dataclass(frozen=True, eq=False)
class Network:
    """Dense layers in a row; all but the last are hidden layers. They are named ``layer0``, ...

    Parameters
    ----------
    name : str
        One printable line.
    input_shape : tuple of int
        Shape of one image.
    input_threshold : int
        An input bit is 1 (meaning +1) iff pixel >= input_threshold; 0 to 255. Without meaning for
        inputs of several bits.
    layers : tuple of DenseLayer
        At least one.
    bits_per_input : int
        k, 1 to 8. With k > 1 an input is the k most significant bits v of its pixel, and counts
        2v - (2^k - 1): the odd integers from -(2^k - 1) to 2^k - 1.

    Raises
    ------
    InputError
        A field out of range, layers whose sizes do not chain, thresholds in the last layer or
        offsets before it.
    """

    name: str
    input_shape: tuple[int, ...]
    input_threshold: int
    layers: tuple[DenseLayer, ...]
    bits_per_input: int = 1

    def __post_init__(self) -> None:
        require_integer("input.bits", self.bits_per_input, 1, 8)
        if not isinstance(self.name, str) or not self.name or not self.name.isprintable():
            raise InputError(f"name: found {self.name!r}, expected one line of printable text")
        require_integer("input.threshold", self.input_threshold, 0, 255)
        if not isinstance(self.input_shape, tuple) or not self.input_shape:
            raise InputError(f"input.shape: found {self.input_shape!r}, expected at least one size")
        if len(self.input_shape) > MOST_DIMENSIONS:
            raise InputError(
                f"input.shape: found {len(self.input_shape)} dimensions, "
                f"expected at most {MOST_DIMENSIONS}"
            )
        for size in self.input_shape:
            require_integer("input.shape", size, 1)
        if not isinstance(self.layers, tuple) or not self.layers:
            raise InputError(f"layers: found {self.layers!r}, expected at least one layer")
        self._require_chain()
        self._require_roles()
        self._require_buildable()

    def _require_chain(self) -> None:
        pixels = math.prod(self.input_shape)
        if pixels != self.layers[0].inputs:
            raise InputError(
                f"input.shape: found {list(self.input_shape)}, {pixels} pixels, expected "
                f"{self.layers[0].inputs}, the inputs of layer0"
            )
        for i, (layer, following) in enumerate(pairwise(self.layers)):
            if layer.outputs != following.inputs:
                raise InputError(
                    f"layer{i + 1}: found {following.inputs} inputs, expected {layer.outputs}, "
                    f"the outputs of layer{i}"
                )

    def _require_roles(self) -> None:
        for name, layer in zip(self.layer_names[:-1], self.layers[:-1], strict=True):
            if layer.thresholds is None:
                raise InputError(
                    f"{name}: found offsets, expected thresholds before the last layer"
                )
        if self.layers[-1].offsets is None:
            raise InputError(
                f"{self.layer_names[-1]}: found thresholds, expected offsets in the last layer"
            )

    def _require_buildable(self) -> None:
        """Raise InputError for what no macro can run, by the checks of the hardware itself."""
        macro = MacroConfig(rows=WIDEST_BUS, columns=1)
        bits = [self.bits_per_input, *[1] * (len(self.layers) - 1)]
        layers = [
            LayerConfig(
                name=name,
                inputs=layer.inputs,
                bias_columns=count_bias_columns(layer.inputs),
                neurons=layer.outputs,
                bits_per_input=bits_per_input,
                readout=Readout.SIGN if layer.offsets is None else Readout.COUNT,
                macro=macro,
            )
            for name, layer, bits_per_input in zip(self.layer_names, self.layers, bits, strict=True)
        ]
        # Those of the last layer are checked there.
        NetworkConfig(layers=tuple(layers), offsets=(0,) * self.classes)

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"layer{i}" for i in range(len(self.layers)))

    @property
    def inputs(self) -> int:
        """Pixels of one image."""
        return self.layers[0].inputs

    @property
    def input_top(self) -> int:
        """2^k - 1, the largest value of an input."""
        return 2**self.bits_per_input - 1

    @property
    def classes(self) -> int:
        """Scores of one image."""
        return self.layers[-1].outputs


def require_integer(name: str, value: object, least: int, largest: float = math.inf) -> None:
    """Raise InputError unless `value` is an int (no bool) from `least` to `largest`."""
    expected = Annotated[int, Limits(least, largest)]
    if not fits(expected, value):
        raise wrong(name, value, expected)
