"""The controller of whole networks: every result, every pin, every cycle."""

import random

import pytest
from support.components import simulate
from support.controller_bench import frames_of, stream
from support.layers import expected_packet, random_weights, score, small_network

from popbridge.hdl.controller.controller import NetworkController

SEED = 20

# Layer sizes, rows per macro, timing; cycles of one image and from result to result, worked out by
# hand. A row of a sign layer takes 5 cycles, of a count layer 4 + K + (K - 1), plus 1 per layer.
CONFIGURATIONS = {
    # 9 beats; 1 row; 1 row of 2 trials; 3 classes: 9 + 6 + 8 + 4 + 3, the input the slowest.
    "input": ((257, 3, 3), 1, {}, 30, 10),
    # 1 beat; 1 row; 1 row of 2 trials; 9 classes: 1 + 6 + 8 + 10 + 9; output 10 + 10.
    "output": ((5, 3, 9), 1, {}, 34, 20),
    # 1 beat; 2 rows; 12 rows; 2 rows of 4 trials; 2 classes: 1 + 11 + 61 + 23 + 3 + 2.
    "middle": ((8, 4, 12, 2), (2, 12, 2), {}, 101, 61),
    # 2 beats; 3 rows of 6 cycles, 3 rows of 12 (3 trials); 3 classes: 2 + 19 + 37 + 4 + 3.
    "last": ((33, 5, 3), 3, {"precharge_cycles": 2, "settle_cycles": 2}, 65, 37),
    # 2 beats; only a count layer, 2 rows of 15 (6 trials); 4 classes: 2 + 31 + 5 + 4.
    "single": ((40, 4), 2, {}, 42, 31),
    # 1 beat; 4 rows of 3 cycles, 3 rows of 7 (3 trials); 3 classes: 1 + 13 + 22 + 4 + 3.
    "no-dead-time": (
        (6, 4, 3),
        4,
        {"dead_before_evaluate_cycles": 0, "dead_after_strobe_cycles": 0},
        43,
        22,
    ),
}


@pytest.fixture(params=CONFIGURATIONS)
def case(request):
    """A network, its weights, some images, and its declared cycles."""
    sizes, rows, timing, latency, interval = CONFIGURATIONS[request.param]
    draw = random.Random(SEED)
    offsets = tuple(draw.randint(-3, 3) for _ in range(sizes[-1]))
    config = small_network(*sizes, rows=rows, offsets=offsets, **timing)
    weights = [random_weights(layer, SEED + k) for k, layer in enumerate(config.layers)]
    images = [draw.getrandbits(sizes[0]) for _ in range(5)]
    return config, weights, images, latency, interval


def test_streamed_images_give_brute_force_results_in_the_declared_cycles(case):
    config, weights, images, latency, interval = case
    run = stream(NetworkController(config), weights, frames_of(config, images), packets=len(images))
    expected = [expected_packet(config, weights, image) for image in images]
    assert run.packets == expected
    controller = run.controller
    assert (controller.latency, controller.interval) == (latency, interval)
    assert run.last_beats[0] - run.first_beats[0] == latency
    periods = {
        late - early for early, late in zip(run.last_beats, run.last_beats[1:], strict=False)
    }
    assert periods == {interval}
    assert run.scans == [len(images)] * len(config.layers)
    assert (run.dropped, run.unresolved) == (0, 0)
    for image, packet in zip(images, expected, strict=True):
        model = controller.model(
            image, lambda k, neuron, bits: score(config.layers[k], weights[k], neuron, bits)
        )
        assert model == packet


def test_an_image_alone_takes_the_declared_cycles(case):
    config, weights, images, latency, _ = case
    run = stream(NetworkController(config), weights, frames_of(config, images[:1]), packets=1)
    assert run.packets == [expected_packet(config, weights, images[0])]
    assert run.last_beats[0] - run.first_beats[0] == latency


@pytest.mark.parametrize("stalls", [(0.6, 0), (0, 0.8), (0.4, 0.5)])
def test_stalls_cost_time_only(case, stalls):
    config, weights, images, *_ = case
    run = stream(
        NetworkController(config),
        weights,
        frames_of(config, images),
        packets=len(images),
        stalls=stalls,
        seed=SEED,
    )
    assert run.packets == [expected_packet(config, weights, image) for image in images]


def test_broken_frames_between_images_are_counted():
    config = small_network(70, 3, 2)
    weights = [random_weights(layer, SEED + k) for k, layer in enumerate(config.layers)]
    images = [random.Random(SEED + k).getrandbits(70) for k in range(4)]
    good = frames_of(config, images)
    short = [(1, 1)]
    long = [(2, 0)] * 5 + [(3, 1)]
    given = [good[0], short, good[1], long, long, short, good[2], good[3]]
    run = stream(NetworkController(config), weights, given, packets=4)
    assert run.packets == [expected_packet(config, weights, image) for image in images]
    assert run.dropped == 4
    assert run.scans == [4, 4]


def test_unresolved_decisions_are_counted_and_read_as_minus_one():
    config = small_network(7, 5, 3, rows=2)
    weights = [random_weights(layer, SEED + k) for k, layer in enumerate(config.layers)]
    images = [0b1010011, 0b0111100, 0b1111111]
    run = stream(
        NetworkController(config), weights, frames_of(config, images), packets=3, unresolved={1, 4}
    )
    assert run.unresolved == 2 * len(images)
    resolved = [expected_packet(config, weights, image) for image in images]
    for neuron in (1, 4):
        weights[0][neuron] = [0] * config.layers[0].fan_in  # agrees with no input: always -1
    assert run.packets == [expected_packet(config, weights, image) for image in images]
    assert run.packets != resolved, "the unresolved neurons should make a difference"


@pytest.mark.parametrize("counter", ["dropped", "unresolved"])
def test_a_counter_stays_at_its_top(counter):
    """Comparators that never resolve, and frames too long, from just below the top."""
    dut = NetworkController(small_network(3, 2, 2, rows=1))
    top = 2**32 - 1

    async def bench(ctx):
        register = getattr(dut.status, counter)
        ctx.set(register, top - 2)
        ctx.set(dut.s_axis_tvalid, 1)
        # Frames of two beats are dropped; intact ones bring unresolved decisions, two at once.
        seen = []
        for cycle in range(40):
            ctx.set(dut.s_axis_tlast, cycle % 2 if counter == "dropped" else 1)
            await ctx.tick()
            seen.append(ctx.get(register))
        assert sorted(seen) == seen and set(seen) <= {top - 2, top - 1, top}
        assert seen[-1] == top

    simulate(dut, bench)


OPEN = ("s_axis_tready", "s_axil_awready", "s_axil_wready", "s_axil_arready")


def test_after_reset_every_output_is_idle():
    config = small_network(5, 3, 2)
    dut = NetworkController(config)

    async def bench(ctx):
        for _ in range(3):
            for path, member, value in dut.signature.flatten(dut):
                if member.flow.value == "out":
                    # The input stream and the bus are open; nothing else is driven.
                    assert ctx.get(value) == (path[0] in OPEN), path
            await ctx.tick()

    simulate(dut, bench)
