"""A bench that drives the pins of one macro, cycle by cycle."""

import numpy as np

from popbridge.behav.chip.layer import sample_layer
from popbridge.behav.draws import LayerKey
from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.pins.evaluation import ArrayModel
from popbridge.hdl.config import LayerConfig, MacroConfig, PhaseTiming, Readout
from popbridge.hdl.config.pins import ArrayPins

PERIOD_S = 5e-9
TIMING = PhaseTiming(
    precharge_cycles=2,
    dead_before_evaluate_cycles=1,
    evaluate_cycles=3,
    strobe_cycles=2,
    settle_cycles=2,
    dead_after_strobe_cycles=2,
)


def array_layer(neurons=11, readout=Readout.SIGN, fan_in=23, **timing):
    """A layer of three macros of four rows, the last one with three."""
    macro = MacroConfig(
        rows=4,
        columns=fan_in + 9,
        zero_dead_time_allowed=0 in timing.values(),
        timing=TIMING.replace(**timing),
    )
    return LayerConfig(
        name="fc1", inputs=fan_in, bias_columns=0, neurons=neurons, readout=readout, macro=macro
    )


class Bench:
    """Drives one macro's pins cycle by cycle and tells the model of every change."""

    def __init__(self, model, period_s=PERIOD_S):
        self.model = model
        self.period_s = period_s
        self.cycle = 0
        self.pins = ArrayPins()

    def set(self, **pins):
        for name, value in pins.items():
            setattr(self.pins, name, value)
        return self.model.observe(self.cycle * self.period_s, self.pins)

    def wait(self, cycles):
        self.cycle += cycles

    def drive(self, inputs):
        bl = sum(1 << column for column, value in enumerate(inputs) if value > 0)
        blb = sum(1 << column for column, value in enumerate(inputs) if value < 0)
        self.pins.bl, self.pins.blb = bl, blb

    def until_evaluate(self, row=None, codes=(0, 0)):
        if row is not None:
            self.pins.wl = 1 << row
        self.set(precharge=1)
        self.wait(2)
        self.set(precharge=0)
        self.wait(1)
        self.set(evaluate=1, dac_p=codes[0], dac_n=codes[1])
        self.wait(3)

    def strobe(self, last=True, **after):
        answer = self.set(strobe=1)
        self.wait(2)
        assert self.set(strobe=0, **({"evaluate": 0} if last else {}), **after) == (0, 0)
        self.wait(2)
        return answer

    def sign(self, row):
        self.until_evaluate(row)
        return self.strobe()

    def count(self, row, bits):
        """The successive approximation of the physics notes, written out."""
        code, answers = 0, []
        attempt = 1 << (bits - 1)
        self.until_evaluate(row, (2**bits - attempt, attempt))
        for k in reversed(range(bits)):
            following = 0
            answer = self.strobe_held()
            answers.append(answer)
            code = attempt if answer == (1, 0) else code
            if k:
                following = code | 1 << (k - 1)
            codes = (2**bits - following if k else 0, following)
            self.set(strobe=0, evaluate=int(k > 0), dac_p=codes[0], dac_n=codes[1])
            attempt = following
            self.wait(2)
        return code, answers

    def strobe_held(self):
        answer = self.set(strobe=1)
        self.wait(1)
        assert self.set() == answer
        self.wait(1)
        return answer


def ideal_bench(readout=Readout.SIGN, **changes):
    """A bench for the last macro of an ideal layer, all weights and inputs at +1."""
    config = array_layer(readout=readout, **changes)
    weights = np.ones((config.neurons, config.fan_in))
    chip = sample_layer(config, weights, ChipParameters(), LayerKey(None))
    bench = Bench(ArrayModel(chip, config.macros - 1), config.macro.timing.clock_period_s)
    bench.drive(np.ones(config.fan_in))
    bench.pins.wl = 1
    return bench
