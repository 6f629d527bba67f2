"""Programming as a whole: hardware in pysim on the physics of the cells, then inference on them."""

from pathlib import Path

import numpy as np
import pytest
from amaranth.sim import Simulator

from popbridge.behav.chip.cells import DeviceState, MacroCells
from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.behav.parameters.devices import DeviceParameters
from popbridge.behav.pins.evaluation import ArrayModel, ArrayPins
from popbridge.behav.pins.programming import ProgrammingArray, ProgrammingPins
from popbridge.hdl.config import LayerConfig, MacroConfig, ProgrammingConfig
from popbridge.hdl.programming.model import packet_of_row
from popbridge.hdl.programming.row import RowProgrammer
from popbridge.sim.host.blank_chip import program_layer

SEED = 90
PROGRAMMING = ProgrammingConfig(
    columns_per_pulse=8, form_cycles=20, set_cycles=6, reset_cycles=6, first_level=17,
    level_step=2, most_retries=4, failure_limit=2, setup_cycles=1, hold_cycles=1,
)  # fmt: skip
STUCK = {"stuck_lrs_fraction": 0.03, "stuck_hrs_fraction": 0.01, "open_fraction": 0.01}


def layer(neurons=5, rows=4, spare_rows=0, inputs=21, **programming):
    macro = MacroConfig(
        rows=rows, spare_rows=spare_rows, columns=inputs + 3,
        programming=PROGRAMMING.replace(**programming),
    )  # fmt: skip
    return LayerConfig(name="fc", inputs=inputs, bias_columns=0, neurons=neurons, macro=macro)


def weights_of(config, seed=SEED):
    draw = np.random.default_rng(seed)
    return draw.choice(np.array([-1, 1], np.int8), (config.neurons, config.fan_in))


def condition(**devices):
    """Quiet comparators, so that a layer's bits follow from its cells."""
    return ChipParameters(
        devices=DeviceParameters(**devices),
        comparator=ComparatorParameters(
            offset_sigma_v=0.0, noise_sigma_v=0.0, regeneration_tau_s=0.0
        ),
    )


def word(bits):
    return sum(1 << index for index in np.flatnonzero(bits).tolist())


class Programmed:
    """Every row of a layer sent to the hardware, its pins on `ProgrammingArray`s."""

    def __init__(self, config, weights, parameters, chip=3, number=1):
        self.config = config
        self.dut = RowProgrammer(config)
        self.macros = [
            MacroCells(config, macro, parameters, LayerKey(chip, number))
            for macro in range(config.macros)
        ]
        self.arrays = [ProgrammingArray(cells) for cells in self.macros]
        self.beats = []
        for neuron, row in enumerate(weights):
            place = divmod(neuron, config.rows_used)
            packet = packet_of_row(config, *place, word(row > 0), True)
            self.beats += [(beat, k == len(packet) - 1) for k, beat in enumerate(packet)]
        self.rows = []
        self.limit = config.neurons * (self.dut.most_latency + 10)
        simulator = Simulator(self.dut)
        simulator.add_clock(1e-6)
        simulator.add_testbench(self._bench)
        simulator.run()

    async def _bench(self, ctx):
        dut, pins = self.dut, self.dut.pins
        names = [name for name in pins.signature.members if name != "sl_q"]
        words = -(-self.config.fan_in // 32)
        seen, granted = {}, 0
        ctx.set(dut.grant, 1)
        for cycle in range(self.limit):
            time_s = cycle * self.config.macro.timing.clock_period_s
            granted = granted + 1 if ctx.get(dut.request) else 0
            array = self.arrays[ctx.get(dut.macro)]
            values = {name: ctx.get(getattr(pins, name)) for name in names}
            if values != seen:
                array.observe(time_s, ProgrammingPins(**values))
                seen = values
            # Sampled at the end of this cycle.
            end_s = time_s + self.config.macro.timing.clock_period_s
            ctx.set(pins.sl_q, array.sl_q(end_s))
            data, last = self.beats[0] if self.beats else (0, 0)
            ctx.set(dut.s_axis_tvalid, bool(self.beats))
            ctx.set(dut.s_axis_tdata, data)
            ctx.set(dut.s_axis_tlast, last)
            if self.beats and ctx.get(dut.s_axis_tready):
                self.beats.pop(0)
            if ctx.get(dut.row_done):
                mask = 0
                for address in range(words):
                    ctx.set(dut.failure_address, address)
                    mask |= ctx.get(dut.failure_bits) << 32 * address
                flag = bool(ctx.get(dut.unrepairable))
                self.rows.append((ctx.get(dut.line), mask, flag, granted))
                if len(self.rows) == self.config.neurons:
                    self.totals = ctx.get(dut.pulses), ctx.get(dut.retries)
                    return
            await ctx.tick()
        raise AssertionError("the programmer is stuck")


CASES = [
    (layer(), {}),
    (layer(spare_rows=1, failure_limit=0), STUCK),
    (layer(neurons=3, rows=4, spare_rows=1, inputs=35), STUCK),
]


@pytest.mark.parametrize(("config", "devices"), CASES)
def test_pins_and_model_program_the_same_cells(config, devices):
    """Every device of every macro ends in the same state at the same resistance."""
    weights, parameters = weights_of(config), condition(**devices)
    hardware = Programmed(config, weights, parameters)
    model = program_layer(config, weights, parameters, 3, 1)
    assert hardware.rows == [
        (row.line, row.failures, row.unrepairable, row.cycles) for row in model.rows
    ]
    assert hardware.totals == (
        sum(row.pulses for row in model.rows), sum(row.retries for row in model.rows),
    )  # fmt: skip
    for own, modelled in zip(hardware.macros, model.macros, strict=True):
        np.testing.assert_array_equal(own.states, modelled.states)
        lines = range(config.macro.rows)
        np.testing.assert_array_equal(own.cells_ohm(lines), modelled.cells_ohm(lines))


def test_a_macro_programmed_from_blank_reads_back_right():
    config = layer(neurons=4)
    weights = weights_of(config)
    done = Programmed(config, weights, condition())
    assert [row[:3] for row in done.rows] == [(line, 0, False) for line in range(4)]
    assert done.totals[1] > 0  # some devices needed more than one attempt
    for line in range(4):
        for_plus, for_minus = done.macros[0].read(line, 1e-6)
        np.testing.assert_array_equal(for_plus, weights[line] > 0)
        np.testing.assert_array_equal(for_minus, weights[line] < 0)
        positive = weights[line] > 0
        top, bottom = np.moveaxis(done.macros[0].states[line], -1, 0)
        np.testing.assert_array_equal(top == DeviceState.LOW, positive)
        np.testing.assert_array_equal(bottom == DeviceState.HIGH, positive)


def hopeless(cells, line, weights):
    """Columns that no programming gets right, from the stuck devices alone.

    The device that is to be high is stuck low while its partner cannot be lower, or the one that is
    to be low is stuck high or open: a divider of two like devices tells nothing for sure.
    """
    low_side = np.where(weights > 0, 0, 1)
    columns = np.arange(len(weights))
    states, responds = cells.states[line], cells.responds[line]
    wants_low, wants_high = (columns, low_side), (columns, 1 - low_side)
    dead_low = ~responds[wants_low] & (states[wants_low] != DeviceState.LOW)
    dead_high = ~responds[wants_high] & (states[wants_high] == DeviceState.LOW)
    return dead_low | dead_high


def test_failures_are_where_the_stuck_devices_are():
    """States without spread: a cell fails if and only if its stuck devices make it."""
    config = layer(neurons=8, failure_limit=99)
    even = condition(lrs_sigma_ln=0.0, hrs_sigma_ln=0.0, **STUCK)
    even = even.replace(bridge=even.bridge.replace(inverter_threshold_sigma_v=0.0))
    weights = weights_of(config)
    done = program_layer(config, weights, even, 3, 1)
    hardware = Programmed(config, weights, even)
    assert [row[1] for row in hardware.rows] == [row.failures for row in done.rows]
    found, expected = 0, 0
    for neuron, row in enumerate(done.rows):
        macro, line = divmod(neuron, config.rows_used)
        dead = hopeless(done.macros[macro], line, weights[neuron])
        assert row.failures == word(dead)
        found, expected = found + row.failures.bit_count(), expected + int(dead.sum())
    assert found == expected > 3


def test_a_bad_row_moves_and_inference_uses_the_spare():
    config = layer(neurons=6, rows=8, spare_rows=2, failure_limit=0, inputs=35)
    weights = weights_of(config)
    parameters = condition(**STUCK)
    done = program_layer(config, weights, parameters, 3, 1)
    moved = [neuron for neuron, row in enumerate(done.rows) if row.line != neuron]
    assert moved and all(done.rows[neuron].line >= 6 for neuron in moved)
    chip = done.layer_chip(noise_seed=0)
    np.testing.assert_array_equal(chip.word_lines, [row.line for row in done.rows])
    inputs = np.random.default_rng(1).choice([-1, 1], (50, config.fan_in))
    for neuron, row in enumerate(done.rows):
        # The bits as the cells on that word line settle, brute force over columns.
        plus, minus = done.macros[0].read(row.line, 1e-6)
        products = np.where(inputs > 0, plus, minus)
        scores = 2.0 * products.sum(axis=1) - config.fan_in
        clear = abs(scores) > 1  # unit capacitors differ
        np.testing.assert_array_equal(
            chip.signs(inputs, np.arange(50))[clear, neuron], scores[clear] > 0
        )
    own_rows = sample_layer(config, weights, parameters, LayerKey(3, 1))
    assert chip.bit_error_rate < own_rows.bit_error_rate


def test_the_array_at_its_pins_answers_for_spare_rows():
    """A scan whose word lines are those of the table; a left row answers nothing."""
    config = layer(neurons=6, rows=8, spare_rows=2, failure_limit=0, inputs=35)
    done = program_layer(config, weights_of(config), condition(**STUCK), 3, 1)
    chip = done.layer_chip(noise_seed=0)
    inputs = np.random.default_rng(2).choice([-1, 1], (3, config.fan_in))
    array = ArrayModel(chip, 0)
    period_s, cycle, answers = config.macro.timing.clock_period_s, 0, []
    for image in inputs:
        lines = {"bl": word(image > 0), "blb": word(image < 0)}
        for row in done.rows:
            for levels in ({"precharge": 1}, {}, {"evaluate": 1}, {"evaluate": 1, "strobe": 1}, {}):
                pins = ArrayPins(wl=1 << row.line, **lines, **levels)
                sense = array.observe(cycle * period_s, pins)
                answers += [sense[0]] if pins.strobe else []
                cycle += 1
        array.observe(cycle * period_s, ArrayPins())
        cycle += 1
    expected = chip.signs(inputs, np.arange(3))
    np.testing.assert_array_equal(np.reshape(answers, expected.shape), expected)
    left = next(neuron for neuron, row in enumerate(done.rows) if row.line != neuron)
    assert array.row_of(1 << left) == -1


def test_cells_without_flaws_make_the_layer_that_is_drawn():
    """With certain pulses and no spread, programming and `sample_layer` give the same layer."""
    config = layer(neurons=7, rows=6, spare_rows=2)
    weights = weights_of(config)
    even = condition(lrs_sigma_ln=0.0, hrs_sigma_ln=0.0)
    drawn = sample_layer(config, weights, even, LayerKey(3, 1, 5))
    done = program_layer(config, weights, even, 3, 1)
    assert not any(row.failures or row.moves for row in done.rows)
    programmed = done.layer_chip(5)
    np.testing.assert_array_equal(programmed.gain, drawn.gain)
    np.testing.assert_array_equal(programmed.base, drawn.base)
    assert programmed.slowest_settling_s == drawn.slowest_settling_s


def test_a_far_spare_row_is_slower_by_its_wire():
    """The wire to a spare row counts from the drivers, wherever the row was."""
    config = layer(neurons=2, rows=64, spare_rows=1)
    weights = np.ones((2, config.fan_in), np.int8)
    even = condition(lrs_sigma_ln=0.0, hrs_sigma_ln=0.0)
    wired = even.replace(
        bridge=even.bridge.replace(bitline_wire_ohm=100.0, inverter_threshold_sigma_v=0.0)
    )
    done = program_layer(config, weights, wired, 3, 1)
    near = done.layer_chip(0)
    moved = [done.rows[0], done.rows[1]._replace(line=63)]
    done.macros[0].states[63] = done.macros[0].states[1]
    far = type(done)(**{**vars(done), "rows": tuple(moved)}).layer_chip(0)

    # tau ln((V - VDD) / (V - V_M)) with V the divider's level, the lines in series, worked out.
    def crossing(row):
        low, high = 6988.0 + 2000 + row * 100, 114.5e3 + 2000 + row * 100
        tau = 50e-15 / (1 / low + 1 / high)
        settled = 1.2 * high / (low + high)
        return tau * np.log(settled / (settled - 0.6))

    assert near.slowest_settling_s == pytest.approx(crossing(1), rel=1e-9)
    assert far.slowest_settling_s == pytest.approx(crossing(63), rel=1e-9)


def test_draws_follow_from_their_keys():
    config = layer(neurons=6, rows=4, spare_rows=1)
    weights = weights_of(config)
    first, again = (program_layer(config, weights, condition(), 3, 1) for _ in range(2))
    assert first.rows == again.rows
    other = program_layer(config, weights, condition(), 4, 1)
    assert other.rows != first.rows


def test_figures_in_the_documentation_are_what_its_code_prints(capsys):
    page = (Path(__file__).parents[3] / "docs" / "programming.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    exec(compile(code, "docs/programming.md", "exec"), {})
    assert capsys.readouterr().out == page.split("```text\n")[1].split("```")[0]
