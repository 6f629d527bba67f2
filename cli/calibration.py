"""The part of ``popbridge run`` on calibration: offsets measured, what is left, cycles."""

from __future__ import annotations

from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from ..sim.job import Job
from ..sim.outcome import Outcome
from .show.output import table

SCORES_PER_COUNT = 2
"""A popcount count moves s = 2m - n by two."""
SPREAD = ("min", "mean", "max")


def calibration_of_run(job: Job, outcome: Outcome) -> dict[str, Any] | None:
    """Calibration of a run, for its JSON; None without one. Offsets are in popcount counts.

    ``offset_counts`` is what the hardware measured, ``residual_counts`` what the trims leave of
    the offsets that the chip was drawn with; ``saturated`` macros are at the end of the bank.
    """
    if not job.calibrate:
        return None
    layers = []
    chips = zip(job.config.layers, job.layer_chips(), outcome.trims, strict=True)
    for layer, chip, trims in chips:
        if not layer.trim_bits_in_use:
            continue
        residual = chip.comparator.macro_offsets_score - trims
        layers.append(
            {
                "name": layer.name,
                "macros": layer.macros,
                "trim_bits": layer.trim_bits_in_use,
                "offset_counts": _spread(trims / SCORES_PER_COUNT),
                "residual_counts": _spread(residual / SCORES_PER_COUNT),
                "saturated": int(np.count_nonzero(np.abs(trims) == 2**layer.trim_bits_in_use - 1)),
            }
        )
    return {
        "layers": layers,
        "cycles": {
            "declared": job.config.calibration_cycles,
            "measured": outcome.calibration_cycles,
        },
    }


def _spread(values: NDArray[np.float64]) -> dict[str, float]:
    # Adding 0 makes a 0 of a negative 0.
    figures = (values.min(), values.mean(), values.max())
    return {name: float(figure) + 0.0 for name, figure in zip(SPREAD, figures, strict=True)}


def print_calibration(calibration: dict[str, Any] | None, out: TextIO) -> None:
    """Print the table of a calibration; nothing without one."""
    if calibration is None:
        return
    rows = [
        [
            layer["name"], layer["macros"],
            *(f"{layer['offset_counts'][name]:.2f}" for name in SPREAD),
            *(f"{layer['residual_counts'][name]:.2f}" for name in SPREAD),
            layer["saturated"],
        ]
        for layer in calibration["layers"]
    ]  # fmt: skip
    titles = ["calibration, counts", "macros"]
    titles += [f"{kind} {name}" for kind in ("offset", "left") for name in SPREAD]
    print(table([*titles, "saturated"], rows), file=out)
    cycles = calibration["cycles"]
    print(f"calibrated in {cycles['measured']} cycles, declared {cycles['declared']}\n", file=out)
