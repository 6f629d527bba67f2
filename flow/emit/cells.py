"""What each cell has to hold, as a table for whoever fills the arrays or models them."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from ...hdl.config import NetworkConfig

TITLES = ("layer", "macro", "row", "neuron", "cells")


def cells_csv(config: NetworkConfig, weights: Sequence[np.ndarray]) -> str:
    """A line for each neuron: where it is, and its row of cells.

    Parameters
    ----------
    config : NetworkConfig
    weights : sequence of ndarray of int8, shape (M, n)
        Per layer, -1 and +1, bias columns included.

    Returns
    -------
    str
        CSV with `TITLES`. `cells` has a digit for each column in use, column 0 first: 1 for +1, 0
        for -1. Columns beyond them are never driven, rows without a line never selected.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(TITLES)
    for layer, matrix in zip(config.layers, weights, strict=True):
        digits = np.where(matrix > 0, b"1", b"0")
        for macro in range(layer.macros):
            for row, neuron in enumerate(layer.neurons_of_macro(macro)):
                cells = digits[neuron].tobytes().decode("ascii")
                writer.writerow((layer.name, macro, row, neuron, cells))
    return lines.getvalue()
