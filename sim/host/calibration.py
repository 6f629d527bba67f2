"""The host that has the comparators calibrated through the controller's ports."""

import numpy as np
from numpy.typing import NDArray

from ...errors import SimulationError
from ..outcome import Meter
from .ports import SLACK_CYCLES, RegisterHost

CALIBRATED_TO_IRQ_CYCLES = 2
"""A calibration is `LayerConfig.calibration_cycles` from the cycle before precharge rises to its
end; from there three registers lead to `irq`."""


class CalibrationHost(RegisterHost):
    """Stops the controller, has it calibrate, reads the trims, starts it."""

    async def calibrate(self) -> list[NDArray[np.int64]]:
        """Calibrate all layers.

        Returns
        -------
        list of ndarray of int64, shape (macros,)
            Per layer the trims found, score units; 0 in a layer that has none.

        Raises
        ------
        SimulationError
            The controller does not tell in time that it is done.
        """
        await self.write_bits("CONTROL", "stop")
        await self.write_bits("INTERRUPT_ENABLE", "calibrated")
        await self.write_bits("CONTROL", "calibrate")
        declared = self.config.calibration_cycles
        if not await self.ports.interrupt(declared + SLACK_CYCLES):
            raise SimulationError(
                f"no trims came within the declared {declared} cycles of a calibration"
            )
        await self.write_bits("INTERRUPT_STATUS", "calibrated")
        await self.write_bits("INTERRUPT_ENABLE")
        trims = [np.zeros(layer.macros, np.int64) for layer in self.config.layers]
        for index, layer in enumerate(self.config.layers):
            if layer.trim_bits_in_use:
                for macro in range(layer.macros):
                    trims[index][macro] = await self.read_trim(index, macro)
        await self.write_bits("CONTROL", "start")
        return trims


def calibration_cycles(measured: Meter) -> int:
    """Clock cycles of a calibration from the time between precharge's first rise and `irq`'s."""
    return measured.first - CALIBRATED_TO_IRQ_CYCLES
