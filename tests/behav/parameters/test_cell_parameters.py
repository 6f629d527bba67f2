"""Parameters of devices and bridge: ranges, switches, TOML."""

import math

import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.devices import DeviceParameters, LrsLaw, RetentionParameters
from popbridge.errors import InputError

BAD_VALUES = [
    (DeviceParameters, "lrs_law", "normal", "one of ['log-normal', 'truncated-normal']"),
    (DeviceParameters, "lrs_lowest_ohm", 0.0, "from 100 to 1e+13"),
    (DeviceParameters, "lrs_highest_ohm", math.inf, "from 100 to 1e+13"),
    (DeviceParameters, "cycle_variance_share", 1.1, "from 0 to 1"),
    (DeviceParameters, "cycle_variance_share", -0.1, "from 0 to 1"),
    (DeviceParameters, "stuck_lrs_fraction", 1.5, "from 0 to 1"),
    (DeviceParameters, "stuck_hrs_fraction", math.nan, "from 0 to 1"),
    (DeviceParameters, "open_fraction", -0.01, "from 0 to 1"),
    (DeviceParameters, "retention", None, "a table of fields"),
    (RetentionParameters, "time_s", -1.0, "from 0 to 1e+12"),
    (RetentionParameters, "time_s", math.inf, "from 0 to 1e+12"),
    (RetentionParameters, "temperature_k", 0.0, "from 1 to 2000"),
    (RetentionParameters, "reference_temperature_k", -273.0, "from 1 to 2000"),
    (RetentionParameters, "reference_time_s", 0.0, "above 0"),
    (RetentionParameters, "lrs_drift_per_decade", -0.1, "from 0 to 10"),
    (RetentionParameters, "hrs_drift_per_decade", "fast", "from 0 to 10"),
    (RetentionParameters, "activation_ev", -1.0, "from 0 to 10"),
    (BridgeParameters, "bitline_wire_ohm", -1.0, "from 0 to 10000"),
    (BridgeParameters, "sl_capacitor_f", -1e-15, "0 or from 1e-18 to 1e-10"),
    (BridgeParameters, "sl_capacitor_f", math.nan, "0 or from 1e-18 to 1e-10"),
]


@pytest.mark.parametrize(("kind", "name", "value", "expected"), BAD_VALUES)
def test_bad_value_is_one_line_naming_the_field(kind, name, value, expected):
    with pytest.raises(InputError) as caught:
        kind(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: found {value!r}, expected ")
    assert expected in message
    assert "\n" not in message


def test_fractions_beyond_all_devices():
    with pytest.raises(InputError, match=r"open_fraction: found 1\.2 as the sum .*at most 1$"):
        DeviceParameters(stuck_lrs_fraction=0.6, stuck_hrs_fraction=0.3, open_fraction=0.3)


@pytest.mark.parametrize("median_ohm", [6000.0, 8000.0])
def test_truncated_law_needs_its_median_between_the_cuts(median_ohm):
    DeviceParameters(lrs_median_ohm=median_ohm)
    with pytest.raises(InputError, match=r"lrs_median_ohm: found .*, expected above lrs_lowest"):
        DeviceParameters(lrs_median_ohm=median_ohm, lrs_law=LrsLaw.TRUNCATED_NORMAL)


def test_toml_holds_law_and_retention(tmp_path):
    chip = ChipParameters(
        devices=DeviceParameters(
            lrs_law=LrsLaw.TRUNCATED_NORMAL, retention=RetentionParameters(time_s=3600.0)
        )
    )
    path = tmp_path / "condition.toml"
    path.write_text(chip.to_toml(), encoding="utf-8")
    assert ChipParameters.from_toml(path) == chip
    with pytest.raises(InputError, match=r"devices\.retention\.time_s: found -1\.0, expected"):
        ChipParameters.from_dict({"devices": {"retention": {"time_s": -1.0}}})
    with pytest.raises(InputError, match=r"devices\.lrs_law: found 'flat', expected one of"):
        ChipParameters.from_dict({"devices": {"lrs_law": "flat"}})


def test_without_variation_switches_everything_off():
    devices = DeviceParameters(
        stuck_lrs_fraction=0.1, stuck_hrs_fraction=0.1, open_fraction=0.1,
        retention=RetentionParameters(time_s=1e6),
    )  # fmt: skip
    chip = CONDITIONS["weak"].replace(devices=devices).without_variation()
    still = chip.devices
    assert still.lrs_sigma_ln == still.hrs_sigma_ln == still.retention.time_s == 0
    assert still.stuck_lrs_fraction == still.stuck_hrs_fraction == still.open_fraction == 0
    assert chip.bridge.sl_capacitor_f == chip.bridge.bitline_wire_ohm == 0


def test_supply_takes_the_threshold_along():
    bridge = BridgeParameters(inverter_threshold_v=0.54).at_supply(0.8)
    assert bridge.vdd_v == 0.8
    assert bridge.inverter_threshold_v == pytest.approx(0.36)
    assert bridge.inverter_threshold_sigma_v == 0.02
    with pytest.raises(InputError, match=r"vdd_v: found 0\.0"):
        BridgeParameters().at_supply(0.0)
