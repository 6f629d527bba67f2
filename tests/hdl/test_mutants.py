"""Hardware broken on purpose: each fault makes a check of the benches fail."""

import random

import pytest
from amaranth.hdl import Cat, Const
from support.controller_bench import frames_of, stream
from support.faults import FaultyController, fault
from support.layers import expected_packet, random_weights, small_network

SEED = 60


def exchanged(first, second):
    """The edit of a bus two of whose bits have changed places."""

    def edit(true, inner):
        bits = list(true)
        bits[first], bits[second] = bits[second], bits[first]
        return Cat(bits)

    return edit


def the_other_way_round(true, inner):
    return true[::-1]


FAULTS = {
    # What is wrong: where, and which check finds it.
    "rows in reverse order": (
        [fault("fc0", "word_lines", "wl", edit=the_other_way_round)], "word line",
    ),
    "rows 1 and 2 interchanged": (
        [fault("fc0", "word_lines", "wl", edit=exchanged(1, 2))], "word line",
    ),
    "strobe early, as much more dead time": (
        [
            fault("fc0", "sequencer", "held__evaluate_cycles", edit=lambda true, inner: true - 1),
            fault(
                "fc0", "sequencer", "held__dead_after_strobe_cycles",
                edit=lambda true, inner: true + 1,
            ),
        ],
        "phases",
    ),
    "inputs 0 and 1 exchanged": (
        [fault("fc0", "bit_lines", line, edit=exchanged(0, 1)) for line in ("bl", "blb")],
        "packets",
    ),
    "complements exchanged": (
        [
            fault("fc1", "scan__bl", edit=lambda true, inner: inner("bit_lines", "blb")),
            fault("fc1", "scan__blb", edit=lambda true, inner: inner("bit_lines", "bl")),
        ],
        "bias columns",
    ),
    "complement of column 2 stuck": (
        [fault("fc0", "bit_lines", "blb", edit=lambda true, inner: true & ~0b100)], "bit lines",
    ),
    "bank exchanged": (
        [
            fault(
                "fc1", "periphery0", "pins__dac_p",
                edit=lambda true, inner: inner("readout", "dac_n"),
            ),
            fault(
                "fc1", "periphery0", "pins__dac_n",
                edit=lambda true, inner: inner("readout", "dac_p"),
            ),
        ],
        "bank",
    ),
    "tlast lost": (
        [fault("score_output", "m_axis_tlast", edit=lambda true, inner: Const(0))], "packets",
    ),
    "tlast on every beat": (
        [
            fault(
                "score_output", "m_axis_tlast",
                edit=lambda true, inner: inner("m_axis_tvalid"),
            )
        ],
        "packets",
    ),
}  # fmt: skip


def check(*faults):
    """Streams four images and holds every pin, packet and cycle to what is expected."""
    config = small_network(9, 4, 3, evaluate_cycles=2)
    weights = [random_weights(layer, SEED + k) for k, layer in enumerate(config.layers)]
    draw = random.Random(SEED)
    images = [draw.getrandbits(9) for _ in range(4)]
    controller = FaultyController(config, *faults)
    seen = stream(controller, weights, frames_of(config, images), packets=len(images))
    expected = [expected_packet(config, weights, image) for image in images]
    assert seen.packets == expected, "packets"
    assert seen.last_beats[0] - seen.first_beats[0] == config.latency


def test_the_hardware_as_it_is_passes():
    check()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name):
    faults, caught_by = FAULTS[name]
    with pytest.raises(AssertionError, match=caught_by):
        check(*faults)
