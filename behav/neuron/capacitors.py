"""The differential capacitive neuron: from product bits to the voltage between its lines.

The unit throughout is the score s = 2m - n, for m of n products at +1: one column that moves from
-1 to +1 moves it by 2. Line P collects the products, line N their complements, each through one
unit capacitor per column; both lines start from precharge with all bottom plates low. By charge
conservation a line of total capacitance T moves by VDD * C_i / T for each plate that rises, so

    V_P - V_N = VDD * (sum_i C_Pi b_i / T_P - sum_i C_Ni (1 - b_i) / T_N).

T counts what hangs on the line, signal or not: all columns of the macro (a column without input
has both plates held low), the read-out bank, and the parasitic. A macro that is a chain of arrays
has the columns and the parasitic of all of them on its lines [D].
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup
from ..draws import Domain, LayerKey
from ..parameters.bridge import BridgeParameters
from ..parameters.neuron import NeuronParameters

RESIDUAL_COUNTS = 1e-3
"""What the row before may leave on the lines, popcount counts."""


def score_limit(fan_in: int) -> float:
    """Sums of weights of `fan_in` columns stay below this, in score units.

    8,192 up to that many columns; beyond, a power of two with room for mismatch.
    """
    return 8192.0 if fan_in <= 8192 else 2.0 ** math.ceil(math.log2(1.02 * fan_in))


def weight_step(fan_in: int) -> float:
    """Weights are multiples of this, in score units; 2^-11 up to 8,192 columns.

    Coarse enough that every sum over a row fits the 24 bits of a float32's mantissa, so that sums
    are exact and do not depend on their order, and that what mismatch adds to a weight, up to 6 %
    of it, is an eight-bit number of steps; fine enough not to matter beside mismatch.
    """
    return score_limit(fan_in) * 2.0**-24


def line_units(parameters: NeuronParameters, columns: int, bank_bits: int) -> float:
    """Nominal total capacitance of a line, in unit capacitors.

    Parameters
    ----------
    columns : int
        Columns of the macro, used or not.
    bank_bits : int
        K of the bank of read-out or trim, which adds 2^K - 1 units; 0 for none.
    """
    return columns * (1 + parameters.parasitic_fraction) + (2**bank_bits - 1)


def layer_volts_per_score(
    config: ArrayGroup, neuron: NeuronParameters, bridge: BridgeParameters
) -> float:
    """Differential voltage of one score unit, V: VDD C / T, half a popcount's [D]."""
    return bridge.vdd_v / line_units(neuron, config.line_columns, config.bank_bits)


def injected_difference_v(parameters: NeuronParameters) -> float:
    """What the precharge switches add to V_P - V_N, V: a constant, as an offset of either sign."""
    return (
        parameters.injection_differential_v
        + parameters.injection_conversion * parameters.injection_common_v
    )


def precharge_residual(parameters: NeuronParameters, precharge_s: float) -> float:
    """Part of a line's old voltage that a precharge of `precharge_s` seconds leaves, 0 to 1.

    exp(-t / tau), for plates that do not fall before the switch closes: the most that can be [D].
    """
    tau_s = parameters.precharge_tau_s
    return math.exp(-precharge_s / tau_s) if tau_s > 0 else 0.0


def precharge_time_s(parameters: NeuronParameters, fan_in: int) -> float:
    """Precharge after which the largest old score, n/2 counts, leaves `RESIDUAL_COUNTS`, s."""
    return parameters.precharge_tau_s * max(0.0, math.log(fan_in / 2 / RESIDUAL_COUNTS))


def layer_residual(config: ArrayGroup, parameters: NeuronParameters) -> float:
    """`precharge_residual` of a layer's timing; 0 if it leaves less than half a `weight_step`."""
    precharge_s = config.precharge_with_waiting_cycles * config.macro.timing.clock_period_s
    part = precharge_residual(parameters, precharge_s)
    return part if part * config.fan_in >= weight_step(config.fan_in) / 2 else 0.0


def carry_residual(
    scores: NDArray[np.float32], rows_used: int, residual: float
) -> NDArray[np.float32]:
    """Scores with what each row finds on the lines from the row scanned before it.

    seen(r) = s(r) + residual * seen(r - 1) [D]. What a last row leaves to the next scan, and
    what the read-out bank adds, is neglected [E], so that an evaluation's answer does not depend on
    the one before it. Elementwise over evaluations: one and a batch agree.

    Parameters
    ----------
    scores : ndarray of float32, shape (..., M)
        Neurons from the first row of a macro on.
    rows_used : int
        Rows of a macro.
    residual : float
        From `layer_residual`; 0 gives `scores` back.
    """
    if residual == 0:
        return scores
    seen = scores.copy()
    for row in range(1, rows_used):
        # Row by row of all macros; the last macro may lack it.
        cells = seen[..., row::rows_used]
        before = seen[..., row - 1 :: rows_used]
        cells += np.float32(residual) * before[..., : cells.shape[-1]]
    return seen


def draw_kept_parts(
    config: ArrayGroup, parameters: NeuronParameters, key: LayerKey
) -> NDArray[np.float32]:
    """One draw of what a share keeps of a macro's held charge, 1/2 + mismatch, shape (macros,)."""
    stream = key.stream(Domain.SHARE)
    deviates = np.array([stream.at(macro).standard_normal() for macro in range(config.macros)])
    return (0.5 + parameters.share_mismatch_sigma * deviates).astype(np.float32)


def held_noise_v(config: ArrayGroup, parameters: NeuronParameters) -> float:
    """Noise of all the shares of an evaluation on what is held, V; 0 with inputs of one bit.

    That of plane p is halved by each of the k - 1 - p shares behind it [D].
    """
    planes = config.bits_per_input
    if planes == 1:
        return 0.0
    return parameters.share_noise_v * math.sqrt(sum(4.0**-later for later in range(planes)))


@dataclass(frozen=True, kw_only=True)
class LineWeights:
    """What each plate of one macro's lines adds to the score seen, ideally 1 (bank: 2^k).

    A line's own total is in its weights: weight = C_i / C * T_nominal / T_line. All are multiples
    of `weight_step`.
    """

    gain: NDArray[np.float64]
    """Shape (n,): a column with product +-1 adds offset +- gain; mean of both lines."""
    offset: NDArray[np.float64]
    """Shape (n,): half the difference of both lines."""
    bank_p: NDArray[np.float64]
    """Shape (2^K,): what line P's bank adds when it is driven with a code."""
    bank_n: NDArray[np.float64]
    """Shape (2^K,): what line N's bank takes off when it is driven with a code."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MacroLines:
    """The two capacitive lines of a macro as drawn, in unit capacitors; axis of 2: P, N."""

    column_units: NDArray[np.float64]
    """Shape (2, columns): every column of the macro, in use or not; array by array of a chain."""
    bank_units: NDArray[np.float64]
    """Shape (2, K): the bank of read-out or trim, 2^k units each; K = 0 without one."""
    parasitic_units: float
    """To ground, on each line."""

    @property
    def total_units(self) -> NDArray[np.float64]:
        """All that hangs on each line, shape (2,)."""
        return self.column_units.sum(axis=1) + self.bank_units.sum(axis=1) + self.parasitic_units

    def steps_v(self, vdd_v: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What the plates of columns (2, columns) and bank (2, K) add to their line, V.

        A plate that rises moves its line by VDD C_i / T.
        """
        unit_v = (vdd_v / self.total_units)[:, np.newaxis]
        return unit_v * self.column_units, unit_v * self.bank_units

    def weights(self, config: ArrayGroup, parameters: NeuronParameters) -> LineWeights:
        """The same in score units, of the columns in use."""
        nominal = line_units(parameters, config.line_columns, config.bank_bits)
        scale = (nominal / self.total_units)[:, np.newaxis]
        column_p, column_n = scale * self.column_units[:, : config.fan_in]
        bank_p, bank_n = scale * self.bank_units
        step = weight_step(config.fan_in)
        return LineWeights(
            gain=_rounded((column_p + column_n) / 2, step),
            offset=_rounded((column_p - column_n) / 2, step),
            bank_p=_code_sums(_rounded(bank_p, step)),
            bank_n=_code_sums(_rounded(bank_n, step)),
        )


def draw_lines(
    config: ArrayGroup, parameters: NeuronParameters, key: LayerKey, macro: int
) -> MacroLines:
    """One draw of the capacitors of a macro.

    Capacitors are normal around their value; 2^k units in parallel have a relative spread of
    sigma / 2^(k/2). The parasitic does not vary.
    """
    total, bits = config.line_columns, config.bank_bits
    of_columns, of_bank = key.stream(Domain.CAPACITOR), key.stream(Domain.BANK)
    columns = np.stack([of_columns.at(macro, line).standard_normal(total) for line in (0, 1)])
    bank = np.stack([of_bank.at(macro, line).standard_normal(bits) for line in (0, 1)])
    sigma, units = parameters.unit_capacitor_sigma, 2.0 ** np.arange(bits)
    return MacroLines(
        column_units=1 + sigma * columns,
        bank_units=units + sigma * np.sqrt(units) * bank,
        parasitic_units=total * parameters.parasitic_fraction,
    )


def _rounded(weights: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    return np.round(weights / step) * step


def _code_sums(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the weights of the bits set in each code, shape (2^K,)."""
    sums = np.zeros(1)
    for weight in weights:
        sums = np.concatenate([sums, sums + weight])
    return sums
