"""The arrays behind the controller's pins, as docs/hardware.md and programming.md have them."""

import csv
from collections import defaultdict

from cocotb.triggers import FallingEdge

FORM, SET, RESET = 1, 2, 3
BLANK, HIGH, LOW = 0, 1, 2
"""States of a device, the better conductor above."""


def read_cells(path):
    """(layer, macro) to row to a number with bit j 1 where column j holds +1; and fan-ins."""
    cells, fan_in = defaultdict(dict), {}
    with open(path, encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            digits = line["cells"]
            held = sum(int(digit) << j for j, digit in enumerate(digits))
            cells[line["layer"], int(line["macro"])][int(line["row"])] = held
            fan_in[line["layer"]] = len(digits)
    return cells, fan_in


class Array:
    """One macro: sums of a row's cells, kept by capacitors, and the comparator's answers.

    `rows` is word line to cells. `unresolved` has the next strobe answered by neither output.
    """

    def __init__(self, dut, name, rows, fan_in, bits):
        self.dut, self.name, self.rows = dut, name, rows
        self.in_use = (1 << fan_in) - 1
        self.bits = bits
        self.has_bank = hasattr(dut, f"{name}__dac_p")
        self.pins, self.given = {}, {}
        self.unresolved = False
        self.evaluate_cycles = self.evaluated = 0
        self.was = dict.fromkeys(("evaluate", "share", "prog_pulse"), 0)
        self.row, self.sum, self.shared, self.plane = None, 0, 0, 0
        self.answer("sense_p", 0)
        self.answer("sense_n", 0)

    def pin(self, name):
        if name not in self.pins:
            self.pins[name] = getattr(self.dut, f"{self.name}__{name}")
        return self.pins[name]

    def get(self, name):
        return int(self.pin(name).value)

    def answer(self, name, value):
        """Drive an output where it changes."""
        if self.given.get(name) != value:
            self.given[name] = self.pin(name).value = value

    def step(self):
        """Once a cycle, when all pins stand still."""
        precharge, evaluate, strobe = map(self.get, ("precharge", "evaluate", "strobe"))
        assert not precharge & evaluate, f"{self.name}: precharged while evaluated"
        assert evaluate or not strobe, f"{self.name}: strobed outside evaluate"
        if evaluate and not self.was["evaluate"]:
            self._begin()
        self.evaluate_cycles = self.evaluate_cycles + 1 if evaluate and not strobe else 0
        self.evaluated = max(self.evaluated, self.evaluate_cycles)
        if self.bits > 1:
            self._share()
        self.was["evaluate"] = evaluate
        positive = negative = 0
        if strobe and self.row is not None and not self.unresolved:
            seen = self.sum if self.bits == 1 else self.shared
            seen += self.get("dac_p") - self.get("dac_n") if self.has_bank else 0
            assert seen != 0, f"{self.name}: a tie"
            positive, negative = int(seen > 0), int(seen < 0)
        self.answer("sense_p", positive)
        self.answer("sense_n", negative)

    def _begin(self):
        lines, bl, blb = map(self.get, ("wl", "bl", "blb"))
        assert lines & (lines - 1) == 0, f"{self.name}: several word lines {lines:#x}"
        self.row = lines.bit_length() - 1 if lines else None
        if self.row is None:
            return
        assert bl ^ blb == self.in_use and bl & blb == 0, f"{self.name}: columns not driven"
        held = self.rows[self.row]
        positive = (bl & held).bit_count() + (blb & ~held).bit_count()
        self.sum = 2 * positive - self.in_use.bit_count()

    def _share(self):
        if self.get("acc_reset"):
            self.shared = self.plane = 0
        share = self.get("share")
        if share and not self.was["share"]:
            self.shared += self.sum << self.plane
            self.plane += 1
        self.was["share"] = share


class ProgrammableArray(Array):
    """An array whose cells are blank at first; `stuck` are places whose top device never forms."""

    def __init__(self, dut, name, lines, fan_in, bits, stuck=()):
        super().__init__(dut, name, {}, fan_in, bits)
        self.devices = {line: [[BLANK, BLANK] for _ in range(fan_in)] for line in range(lines)}
        self.stuck = set(stuck)
        self.pulses = 0
        self.answer("sl_q", 0)

    def step(self):
        lines = self.get("wl")
        bl, blb = (self.get("bl"), self.get("blb")) if lines else (0, 0)
        pulse = self.get("prog_pulse")
        if pulse:
            assert lines and not bl and not blb and not self.get("evaluate"), self.name
            self.held = tuple(map(self.get, ("wl", "prog_op", "prog_device", "prog_mask")))
        elif self.was["prog_pulse"]:
            self._pulse(*self.held)
        self.was["prog_pulse"] = pulse
        if not lines:
            self.answer("sl_q", 0)
        elif bl or blb:
            line = lines.bit_length() - 1
            if self.get("evaluate"):
                self.rows[line] = self.holds(line)
            else:
                self.answer("sl_q", self._read(line, bl, blb))
        super().step()

    def _pulse(self, lines, operation, device, mask):
        line = lines.bit_length() - 1
        self.pulses += 1
        for column, devices in enumerate(self.devices[line]):
            if mask >> column & 1 and not (device == 0 and (line, column) in self.stuck):
                was = devices[device]
                devices[device] = {
                    FORM: LOW if was == BLANK else was,
                    SET: LOW if was == HIGH else was,
                    RESET: HIGH if was == LOW else was,
                }[operation]

    def _read(self, line, bl, blb):
        found = 0
        for column, (top, bottom) in enumerate(self.devices[line]):
            follows = bl if top > bottom else blb if bottom > top else 0
            found |= (follows >> column & 1) << column
        return found

    def holds(self, line):
        """The cells of a word line, as `read_cells` has them."""
        return sum(
            int(top > bottom) << column for column, (top, bottom) in enumerate(self.devices[line])
        )


async def serve(dut, arrays):
    """Answer at every falling edge for all arrays."""
    while True:
        await FallingEdge(dut.clk)
        for array in arrays:
            array.step()
