"""Ideal arrays at the controller's pins."""

from collections.abc import Coroutine
from fractions import Fraction
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from numpy.typing import NDArray

from ...bits import word_of_bits
from ...hdl.config import LayerConfig
from ...hdl.config.pins import PinSizes
from .handles import read_number


class IdealArray:
    """Answers one array's strobes with the popcount of the columns that agree.

    No comparator output rises while it is mute, both do while it is torn. The comparator sees the
    score and its offset, and takes its delay from strobe's rise to its answer.

    In a pipelined macro the columns are those that agree as evaluate rises. With inputs of several
    bits, each share averages what the lines hold into the holding capacitors, which the strobe
    then compares; held as a fraction, so that the average is exact.
    """

    def __init__(self, dut: Any, layer: LayerConfig, macro: int, weights: NDArray[np.int8]):
        self.layer = layer
        self.place = (layer.name, macro)
        self.mute = False
        self.torn = False
        self.offset: int | Fraction = 0
        self.delay_ns = 0
        self.dissent = 0
        """Bit k: the k-th strobe of each row says the opposite."""
        self.held = Fraction(0)
        """What latches or capacitors hold; not used where a strobe compares the lines."""
        self.bank = ["dac_p", "dac_n"] if layer.bank_bits else []
        self.rows = [word_of_bits(weights[k] > 0) for k in layer.neurons_of_macro(macro)]
        self.strobes_per_image = len(self.rows) * layer.trials
        names = [*PinSizes.of_group(layer).inference_inputs(), "sense_p", "sense_n"]
        self.pins = {name: getattr(dut, f"{layer.name}_macro{macro}__{name}") for name in names}

    def answer(self, positive: int, negative: int) -> None:
        self.pins["sense_p"].value = positive
        self.pins["sense_n"].value = negative

    def move(self, row: int, line: int) -> None:
        """A row's weights are on another word line; where they were are others."""
        self.rows += [0] * (line + 1 - len(self.rows))
        self.rows[line], self.rows[row] = self.rows[row], ~self.rows[row]

    def unanswered(self, scores: NDArray[np.int64]) -> NDArray[np.int64]:
        """What its scores are read as while it is mute or torn: each strobe as -1."""
        # The lowest code of a count; for a sign only its sign counts.
        return np.full_like(scores, 1 - (1 << max(1, self.layer.count_bits)))

    def columns(self) -> int:
        """2m - n of the row whose word line is up; 0 without a row."""
        row = read_number(self.pins["wl"]).bit_length() - 1
        if not 0 <= row < len(self.rows):
            return 0
        weight = self.rows[row]
        bl, blb = (read_number(self.pins[name]) for name in ("bl", "blb"))
        agree = (bl & weight).bit_count() + (blb & ~weight).bit_count()
        return 2 * agree - (bl | blb).bit_count()

    def watched(self) -> list[Coroutine[Any, Any, None]]:
        """What keeps `held`."""
        if self.layer.bits_per_input > 1:
            return [self.share(), self.clear()]
        return [self.latch()] if self.layer.overlapped else []

    async def latch(self) -> None:
        while True:
            await RisingEdge(self.pins["evaluate"])
            self.held = Fraction(self.columns())

    async def share(self) -> None:
        while True:
            await RisingEdge(self.pins["share"])
            self.held = (self.held + self.columns()) / 2

    async def clear(self) -> None:
        while True:
            await RisingEdge(self.pins["acc_reset"])
            self.held = Fraction(0)

    async def run(self) -> None:
        self.answer(0, 0)
        strobe = 0
        watched = [cocotb.start_soon(watch) for watch in self.watched()]
        while True:
            await RisingEdge(self.pins["strobe"])
            score = (self.held if watched else self.columns()) + self.offset
            if self.bank:
                plates = [read_number(self.pins[name]) for name in self.bank]
                score += plates[0] - plates[1]
            if self.delay_ns:
                await Timer(self.delay_ns, "ns")
            if self.torn:
                self.answer(1, 1)
            elif not self.mute:
                seen = -score if self.dissent >> strobe & 1 else score
                self.answer(int(seen > 0), int(seen < 0))
            strobe = (strobe + 1) % self.layer.trials
            await FallingEdge(self.pins["strobe"])
            self.answer(0, 0)
