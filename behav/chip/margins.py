"""Whether each phase is long enough for what happens in it."""

from typing import NamedTuple

from ...hdl.config import ArrayGroup
from ..cell.settling import row_times_s
from ..neuron.capacitors import layer_volts_per_score, precharge_time_s
from ..neuron.comparator import regeneration_time_s
from ..parameters.chip import ChipParameters


class PhaseMargin(NamedTuple):
    """One phase of a layer's evaluation."""

    phase: str
    """``precharge``, ``bridge`` (word line's rise to first strobe, or to the latches' closing) or
    ``strobe``."""
    configured_s: float
    """Time that the configuration gives, s."""
    needed_s: float
    """Time that the chip needs, s."""

    @property
    def margin_s(self) -> float:
        """Time to spare, s; negative where the chip makes errors for want of time."""
        return self.configured_s - self.needed_s


def layer_margins(
    config: ArrayGroup, parameters: ChipParameters, slowest_settling_s: float
) -> list[PhaseMargin]:
    """Times configured and needed, phase by phase.

    Precharge needs to forget the largest old score down to `RESIDUAL_COUNTS`; the bridges need the
    slowest source line to cross its inverter's threshold; the strobe needs the latch to resolve the
    smallest score of an ideal neuron, without offset and noise: +-1, or 2^-k on the holding
    capacitors with inputs of k > 1 bits [D].

    Parameters
    ----------
    config : ArrayGroup
    parameters : ChipParameters
        The condition.
    slowest_settling_s : float
        `LayerChip.slowest_settling_s` of the chip, s.
    """
    timing = config.macro.timing
    period_s = timing.clock_period_s
    shortest_s = min(row_times_s(config, row).decision_s for row in range(min(2, config.rows_used)))
    unit_v = layer_volts_per_score(config, parameters.neuron, parameters.bridge)
    planes = config.bits_per_input
    smallest_v = unit_v if planes == 1 else unit_v / 2**planes
    return [
        PhaseMargin(
            "precharge",
            config.precharge_with_waiting_cycles * period_s,
            precharge_time_s(parameters.neuron, config.fan_in),
        ),
        PhaseMargin("bridge", shortest_s, slowest_settling_s),
        PhaseMargin(
            "strobe",
            timing.strobe_cycles * period_s,
            regeneration_time_s(parameters.comparator, smallest_v),
        ),
    ]
