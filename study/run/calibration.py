"""What the hardware's calibration came to: offsets measured, what is left, cycles."""

import numpy as np
from numpy.typing import NDArray

from ...sim.job import Job
from ...sim.outcome import Outcome
from .layer_result import Cycles
from .result import Calibration, LayerCalibration, Spread

SCORES_PER_COUNT = 2
"""A popcount count moves s = 2m - n by two."""


def calibration_of_run(job: Job, outcome: Outcome) -> Calibration | None:
    """Calibration of a run; None without one."""
    if not job.calibrate:
        return None
    layers = []
    chips = zip(job.config.layers, job.layer_chips(), outcome.trims, strict=True)
    for layer, chip, trims in chips:
        if not layer.trim_bits_in_use:
            continue
        residual = chip.comparator.macro_offsets_score - trims
        layers.append(
            LayerCalibration(
                name=layer.name,
                macros=layer.macros,
                trim_bits=layer.trim_bits_in_use,
                offset_counts=_spread(trims / SCORES_PER_COUNT),
                residual_counts=_spread(residual / SCORES_PER_COUNT),
                saturated=int(np.count_nonzero(np.abs(trims) == 2**layer.trim_bits_in_use - 1)),
            )
        )
    cycles = Cycles(declared=job.config.calibration_cycles, measured=outcome.calibration_cycles)
    return Calibration(layers=tuple(layers), cycles=cycles)


def _spread(values: NDArray[np.float64]) -> Spread:
    # Adding 0 makes a 0 of a negative 0.
    return Spread(
        min=float(values.min()) + 0.0,
        mean=float(values.mean()) + 0.0,
        max=float(values.max()) + 0.0,
    )
