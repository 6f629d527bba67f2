"""Comparators on lines whose score unit is given."""

import numpy as np

from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.comparator import LayerComparator
from popbridge.behav.parameters.bridge import BridgeParameters
from popbridge.behav.parameters.chip import ChipParameters


def comparator_of(config, parameters, unit_v, key, offsets_v=None):
    """A layer's comparators; the supply is what gives `unit_v` volts per score unit."""
    assert config.bank_bits == 0
    # VDD C / T with T = 1.05 C per column, the parasitic included.
    bridge = BridgeParameters().at_supply(unit_v * 1.05 * config.line_columns)
    condition = ChipParameters(comparator=parameters, bridge=bridge)
    offsets_v = np.zeros(config.macros) if offsets_v is None else offsets_v
    return LayerComparator(config, condition, key, offsets_v)


def key_of(seed, chip=1):
    """The key of layer 0."""
    return LayerKey(chip, seed=seed)
