"""A value in the next unit is refused, whatever field it is given for; sensible devices are not."""

import dataclasses

import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.energy import ENERGY
from popbridge.errors import InputError
from popbridge.hdl.config import MACROS, PhaseTiming

UNITS = {"_ohm": [1e-3], "_f": [1e15, 1e12], "_s": [1e9], "_v": [1e3], "_j": [1e15, 1e12]}
"""By a field's ending, what makes its value one in kilo-ohm, fF or pF, ns, mV, fJ or pJ."""
UNKNOWN = {
    "bitline_wire_ohm",  # a thousandth of an ohm is a wire, too
    "time_s",  # a storage time in s may be any
    "reference_time_s",
    "share_noise_v",  # microvolts, of which a thousand are a noise, too
    "hrs_median_ohm",  # held by its bound for what is not above 100 kilo-ohm
    "unformed_ohm",
    "noise_sigma_v",  # tenths of a volt: held to the supply, with a warning
}


def mistakes(record):
    """Fields with values in another unit, of a record and those within it."""
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if dataclasses.is_dataclass(value):
            for path, changed in mistakes(value):
                yield f"{item.name}.{path}", {item.name: changed}
        elif item.name not in UNKNOWN and isinstance(value, float) and value:
            ending = f"_{item.name.rpartition('_')[2]}"
            for factor in UNITS.get(ending, ()):
                yield f"{item.name} {factor:g}", {item.name: value * factor}


def found(record):
    return [pytest.param(type(record), values, id=path) for path, values in mistakes(record)]


MISTAKES = found(ChipParameters()) + found(ENERGY["22nm"]) + found(PhaseTiming())


@pytest.mark.parametrize(("kind", "values"), MISTAKES)
def test_a_value_in_another_unit_is_refused(kind, values):
    with pytest.raises(InputError, match=r"^[\w.]+: found .*, expected .*(from|above|most) "):
        kind.from_dict(values)


def test_there_are_such_fields():
    assert len(MISTAKES) > 25


def test_shipped_devices_are_sensible():
    for record in (*CONDITIONS.values(), *MACROS.values(), *ENERGY.values()):
        assert type(record).from_dict(record.to_dict()) == record


SENSIBLE = {
    "magnetic": {"devices": {"lrs_median_ohm": 2.5e3, "hrs_median_ohm": 6e3}},
    "phase change": {"devices": {"lrs_median_ohm": 2e4, "hrs_median_ohm": 2e7}},
    "ferroelectric": {"devices": {"lrs_median_ohm": 1e7, "hrs_median_ohm": 1e10}},
    "filament of a few atoms": {"devices": {"lrs_median_ohm": 300, "hrs_median_ohm": 3e4}},
    "below threshold": {"bridge": {"vdd_v": 0.2, "inverter_threshold_v": 0.1}},
    "high voltage": {"bridge": {"vdd_v": 10.0, "inverter_threshold_v": 5.0}},
    "no transistor": {"bridge": {"access_resistance_ohm": 0.0}},
    "large plates": {"neuron": {"unit_capacitor_f": 5e-12, "precharge_tau_s": 500e-9}},
    "small plates": {"neuron": {"unit_capacitor_f": 50e-18}},
    "liquid helium": {"devices": {"retention": {"temperature_k": 4.2, "time_s": 3.2e8}}},
}


@pytest.mark.parametrize("values", SENSIBLE.values(), ids=SENSIBLE.keys())
def test_sensible_devices_are_taken(values):
    ChipParameters.from_dict(values)
