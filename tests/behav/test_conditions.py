"""Parameters: ranges, presets, TOML."""

import math

import pytest

from popbridge.behav.cell.bit_errors import bit_error_rate
from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.neuron.error_law import error_law
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.behav.parameters.neuron import NeuronParameters
from popbridge.errors import InputError

BAD_VALUES = [
    (DeviceParameters, "lrs_median_ohm", 0.0, "from 100 to 1e+13"),
    (DeviceParameters, "lrs_median_ohm", -1.0, "from 100 to 1e+13"),
    (DeviceParameters, "hrs_median_ohm", math.nan, "from 100 to 1e+13"),
    (DeviceParameters, "hrs_median_ohm", math.inf, "from 100 to 1e+13"),
    (DeviceParameters, "lrs_sigma_ln", -0.1, "from 0 to 10"),
    (DeviceParameters, "hrs_sigma_ln", "wide", "from 0 to 10"),
    (BridgeParameters, "vdd_v", 0.0, "from 0.001 to 20"),
    (BridgeParameters, "vdd_v", True, "from 0.001 to 20"),
    (BridgeParameters, "access_resistance_ohm", -1.0, "0 or from 50 to 1e+09"),
    (BridgeParameters, "inverter_threshold_v", 0.0, "above 0 and below vdd_v"),
    (BridgeParameters, "inverter_threshold_v", 1.2, "above 0 and below vdd_v"),
    (BridgeParameters, "inverter_threshold_sigma_v", -0.01, "from 0 to 1"),
    (NeuronParameters, "unit_capacitor_f", 0.0, "from 1e-18 to 1e-10"),
    (NeuronParameters, "parasitic_fraction", -0.05, "at least 0"),
    (NeuronParameters, "unit_capacitor_sigma", -0.01, "from 0 to 0.1"),
    (NeuronParameters, "unit_capacitor_sigma", 0.2, "from 0 to 0.1"),
    (NeuronParameters, "precharge_tau_s", -1e-9, "from 0 to 1e-06"),
    (NeuronParameters, "injection_common_v", 1.1, "from -1 to 1"),
    (NeuronParameters, "injection_differential_v", math.nan, "from -1 to 1"),
    (NeuronParameters, "injection_conversion", -1.5, "from -1 to 1"),
    (ComparatorParameters, "offset_sigma_v", -1e-3, "from 0 to 1"),
    (ComparatorParameters, "noise_sigma_v", math.nan, "from 0 to 1"),
    (ComparatorParameters, "error_law", 1, "true or false"),
    (ComparatorParameters, "regeneration_tau_s", -1e-12, "from 0 to 1e-06"),
    (ComparatorParameters, "logic_level_v", 0.0, "from 0.001 to 20"),
    (ComparatorParameters, "error_law_clock_s", -6e-9, "above 0"),
    (ComparatorParameters, "error_law_clock_s", 0.0, "above 0"),
]


@pytest.mark.parametrize(("kind", "name", "value", "expected"), BAD_VALUES)
def test_bad_value_is_one_line_naming_the_field(kind, name, value, expected):
    with pytest.raises(InputError) as caught:
        kind(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: found {value!r}, expected ")
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("name", CONDITIONS)
def test_toml_round_trip(name, tmp_path):
    path = tmp_path / "condition.toml"
    path.write_text(CONDITIONS[name].to_toml(), encoding="utf-8")
    assert ChipParameters.from_toml(path) == CONDITIONS[name]


def test_nested_error_says_where():
    with pytest.raises(InputError, match=r"chip\.toml: bridge\.vdd_v: found 'high', expected"):
        ChipParameters.from_dict({"bridge": {"vdd_v": "high"}}, "chip.toml")


@pytest.mark.parametrize(("name", "rate"), [("nominal", 0.0027), ("weak", 0.024)])
def test_preset_has_the_papers_bit_error_rate(name, rate):
    condition = CONDITIONS[name]
    assert bit_error_rate(condition.devices, condition.bridge) == pytest.approx(rate, rel=0.005)


def test_error_law_presets_vary_in_nothing_else():
    for clock_ns in (6, 8, 20):
        condition = CONDITIONS[f"error-law-{clock_ns}ns"]
        assert condition.comparator.error_law
        assert condition.comparator.error_law_clock_s == pytest.approx(clock_ns * 1e-9)
        comparator = condition.comparator.replace(error_law=False)
        assert condition.replace(comparator=comparator) == condition.without_variation()


@pytest.mark.parametrize(
    ("fan_in", "sigma"), [(1025 + 102, 2.93), (3465 + 346, 9.52), (6921 + 692, 18.86)]
)
def test_error_law_at_6_ns_meets_the_published_spreads(fan_in, sigma):
    """The paper's spreads are per N; n = N + 2 * floor(0.05 N)."""
    law, _ = error_law(6e-9)
    assert law.sigma_counts(fan_in) == pytest.approx(sigma, abs=0.006)
