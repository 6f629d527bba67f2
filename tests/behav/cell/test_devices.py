"""Devices: laws, cycles, stuck ones, drift."""

import math

import numpy as np
import pytest

from popbridge.behav.cell.device_laws import low_cdf, low_ohm, normal_cdf
from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.cell.retention import BOLTZMANN_EV_PER_K, drift_decades, drift_ln
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.devices import DeviceParameters, LrsLaw, RetentionParameters
from popbridge.errors import InputError
from popbridge.hdl.config import LayerConfig, MacroConfig

SEED = 812
CONFIG = LayerConfig(
    name="layer", inputs=1001, bias_columns=0, neurons=601, macro=MacroConfig(rows=64, columns=1024)
)
WEIGHTS = np.random.default_rng(SEED).choice(np.array([-1, 1], np.int8), (601, 1001))
TRUNCATED = DeviceParameters(lrs_law=LrsLaw.TRUNCATED_NORMAL)


def low_and_high(parameters, **keys):
    """All low devices, all high devices, and the chip, as programmed."""
    keys = {"chip": 5, "layer": 1, **keys}
    top, bottom, _ = draw_cells(CONFIG, WEIGHTS, parameters, LayerKey(**keys))
    low = np.where(WEIGHTS > 0, top, bottom)
    high = np.where(WEIGHTS > 0, bottom, top)
    return low, high


def truncated_moments():
    """By the textbook formula, of the published law."""
    a, b = (6252 - 6988) / 381.7, (7897 - 6988) / 381.7
    density = [math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in (a, b)]
    part = 0.5 * (math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2)))
    shift = (density[0] - density[1]) / part
    variance = 1 + (a * density[0] - b * density[1]) / part - shift**2
    return 6988 + 381.7 * shift, 381.7 * math.sqrt(variance)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_truncated_normal_has_its_moments(share):
    low, high = low_and_high(TRUNCATED.replace(cycle_variance_share=share))
    mean, sigma = truncated_moments()
    assert abs(low.mean() - mean) < 2.58 * sigma / math.sqrt(low.size)
    # The cut law has lighter tails than the normal one: its spread is known even better.
    assert abs(low.std() / sigma - 1) < 2.58 / math.sqrt(2 * low.size)
    assert 6252 <= low.min() < 6260 and 7890 < low.max() <= 7897
    np.testing.assert_array_equal(
        high, low_and_high(DeviceParameters(cycle_variance_share=share))[1]
    )


def test_truncated_law_and_its_distribution_function_agree():
    deviates = np.linspace(-4, 4, 1001)
    found = low_cdf(low_ohm(deviates, TRUNCATED), TRUNCATED)
    np.testing.assert_allclose(found, normal_cdf(deviates), atol=1e-6)
    assert (low_ohm(deviates, TRUNCATED.replace(lrs_sigma_ln=0.0)) == 6988).all()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_cycle_to_cycle_and_device_to_device_share_the_variance(share):
    parameters = DeviceParameters(cycle_variance_share=share)
    first, second = (low_and_high(parameters, programming=number)[1] for number in (0, 1))
    first, second = np.log(first), np.log(second)
    for logs in (first, second):
        assert abs(logs.std() - 1) < 3 / math.sqrt(2 * logs.size)
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation - (1 - share)) < 4 / math.sqrt(first.size)
    assert (first == second).all() == (share == 0)


def test_programmings_depend_on_nothing_else():
    parameters = DeviceParameters(stuck_lrs_fraction=0.1)
    expected = low_and_high(parameters, programming=7)
    low_and_high(parameters, programming=3, chip=9)
    for found, wanted in zip(low_and_high(parameters, programming=7), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    shorter = CONFIG.replace(inputs=501)
    top = draw_cells(shorter, WEIGHTS[:, :501], parameters, LayerKey(5, 1, 7)).top_ohm
    whole = draw_cells(CONFIG, WEIGHTS, parameters, LayerKey(5, 1, 7)).top_ohm
    np.testing.assert_array_equal(top, whole[:, :501])


@pytest.mark.parametrize("programming", [-1, 2**32])
def test_programming_out_of_range(programming):
    with pytest.raises(InputError, match=f"programming: found {programming}, expected 0 to 42949"):
        low_and_high(DeviceParameters(), programming=programming)


def test_stuck_devices_have_their_fractions_and_stay():
    """States a thousandfold apart: a device's state shows in its resistance."""
    parameters = DeviceParameters(
        hrs_median_ohm=1e9, hrs_sigma_ln=0.5,
        stuck_lrs_fraction=0.02, stuck_hrs_fraction=0.05, open_fraction=0.01,
    )  # fmt: skip
    low, high = low_and_high(parameters)
    again_low, again_high = low_and_high(parameters, programming=1)
    count = low.size

    def is_high(ohm):
        return (ohm > 1e6) & np.isfinite(ohm)

    for found, again, fraction in (
        (is_high(low), is_high(again_low), 0.05),
        (high < 1e6, again_high < 1e6, 0.02),
        (np.isinf(low), np.isinf(again_low), 0.01),
        (np.isinf(high), np.isinf(again_high), 0.01),
    ):
        assert abs(found.mean() - fraction) < 3 * math.sqrt(fraction * (1 - fraction) / count)
        np.testing.assert_array_equal(found, again)


def test_sound_devices_do_not_depend_on_the_stuck_ones():
    sound = low_and_high(DeviceParameters())
    some = low_and_high(DeviceParameters(open_fraction=0.5))
    for found, expected in zip(some, sound, strict=True):
        kept = np.isfinite(found)
        np.testing.assert_array_equal(found[kept], expected[kept])


def test_drift_is_zero_at_first_and_monotone():
    fresh = low_and_high(DeviceParameters())
    last = fresh
    for time_s in (1.0, 1e3, 1e6, 1e9):
        retention = RetentionParameters(time_s=time_s, temperature_k=398.15)
        devices = DeviceParameters(retention=retention)
        drifted = low_and_high(devices)
        assert (drifted[0] > last[0]).all() and (drifted[1] < last[1]).all()
        decades = math.log10(1 + time_s)
        np.testing.assert_allclose(drifted[0], fresh[0] * math.exp(0.01 * decades), rtol=1e-9)
        np.testing.assert_allclose(drifted[1], fresh[1] * math.exp(-0.05 * decades), rtol=1e-9)
        last = drifted
    assert drift_ln(DeviceParameters()) == (0, 0)


def test_drift_is_accelerated_by_arrhenius():
    hot = RetentionParameters(time_s=3600.0, temperature_k=448.15)
    factor = math.exp(1.0 / BOLTZMANN_EV_PER_K * (1 / 398.15 - 1 / 448.15))
    as_long = RetentionParameters(time_s=3600.0 * factor, temperature_k=398.15)
    assert drift_decades(hot) == pytest.approx(drift_decades(as_long), rel=1e-12)
    cold = RetentionParameters(time_s=3600.0, temperature_k=1.0)
    assert drift_decades(cold) == pytest.approx(0, abs=1e-12)


def test_drift_stops_where_the_medians_meet():
    retention = RetentionParameters(time_s=1e12, lrs_drift_per_decade=1.0, hrs_drift_per_decade=1.0)
    low, high = drift_ln(DeviceParameters(retention=retention))
    assert math.log(6988) + low == pytest.approx(math.log(114.5e3) + high)
    inverted = DeviceParameters(hrs_median_ohm=5e3, retention=retention)
    assert drift_ln(inverted) == (0, 0)
