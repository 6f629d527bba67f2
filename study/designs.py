"""The small networks on which campaigns run: together they have all that a controller can have."""

import itertools
from dataclasses import dataclass

import numpy as np

from ..behav.conditions import CONDITIONS
from ..behav.parameters.chip import ChipParameters
from ..behav.parameters.devices import DeviceParameters
from ..bnn.mapping import map_network
from ..bnn.network import DenseLayer, Network
from ..hdl.config import MacroConfig, ProgrammingConfig
from ..sim.job import Job

CHIP = 4
"""Whose comparators the images meet, and whose cells are programmed."""
IMAGES = 6
"""All inputs 0, all at their top, and random ones: every bit line is seen at both."""
STUCK = ChipParameters(devices=DeviceParameters(stuck_lrs_fraction=0.05, stuck_hrs_fraction=0.03))
"""Cells of which some need retries, some a spare row, and some have none left."""
# Amplitude codes 17, 32 and 47: each bit moves.
PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=4, form_cycles=20, set_cycles=6, reset_cycles=7, setup_cycles=1,
    hold_cycles=2, verify_settle_cycles=3, first_level=17, level_step=15, most_retries=2,
    failure_limit=1,
)  # fmt: skip
_WEIGHTS_SEED = 1


@dataclass(frozen=True, kw_only=True)
class Design:
    """A small network, its macro, and what a campaign does with it."""

    sizes: tuple[int, ...]
    bits_per_input: int = 1
    macro: MacroConfig

    def job(self) -> Job:
        """Random weights and images; calibrated where the macro has trims, programmed where it has
        cells that can be, some of them stuck."""
        draw = np.random.default_rng(_WEIGHTS_SEED)
        layers: list[DenseLayer] = []
        for inputs, outputs in itertools.pairwise(self.sizes):
            weights = draw.choice(np.array([-1, 1], dtype=np.int8), (outputs, inputs))
            values = draw.integers(-3, 4, outputs, dtype=np.int32)
            kind = "offsets" if len(layers) == len(self.sizes) - 2 else "thresholds"
            layers.append(DenseLayer(weights, **{kind: values}))
        network = Network("mutants", self.sizes[:1], 128, tuple(layers), self.bits_per_input)
        mapped = map_network(network, self.macro)
        top = (1 << self.bits_per_input) - 1
        images = draw.integers(0, top + 1, (IMAGES, self.sizes[0]), dtype=np.uint8)
        images[0], images[1] = 0, top
        return Job(
            config=mapped.config,
            weights=mapped.weights,
            parameters=STUCK if self.macro.programmable else CONDITIONS["weak"],
            chip=CHIP,
            seed=_WEIGHTS_SEED,
            images=images,
            calibrate=mapped.config.calibration_cycles > 0,
            program=self.macro.programmable,
            self_test=self.macro.programmable,
        )


_MACRO = MacroConfig(rows=3, columns=32, zero_dead_time_allowed=True)
DESIGNS = {
    "votes": Design(sizes=(40, 5, 3), macro=_MACRO.replace(columns=128, votes=3)),
    "seven votes": Design(sizes=(6, 3, 2), macro=_MACRO.replace(columns=16, votes=7)),
    "trims": Design(sizes=(9, 4, 3), macro=_MACRO.replace(rows=2, trim_bits=4)),
    "bit planes, pipelined": Design(
        sizes=(12, 5, 2), bits_per_input=2, macro=_MACRO.replace(votes=3, pipelined=True)
    ),
    "three bits": Design(sizes=(8, 4, 2), bits_per_input=3, macro=_MACRO.replace(rows=2)),
    "programmable": Design(
        sizes=(7, 3, 2),
        macro=_MACRO.replace(spare_rows=1, columns=16, programmable=True, programming=PROGRAMMING),
    ),
}
"""Campaigns share out their work evenly among them. Together: signs and counts, several macros,
votes, calibration, bit planes, latches, programming; the registers and both buses in each."""
