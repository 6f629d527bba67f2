"""The controller of a whole network: images in, array pins, classes and scores out."""

import functools
import operator
from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..array_pins import ArraySignature
from ..bus.axi_lite import AxiLiteEndpoint, axi_lite_members
from ..bus.axi_stream import axi_stream_members
from ..bus.register_bank import RegisterBank
from ..config import NetworkConfig
from ..idioms import sum_of
from ..layer.dense_layer import DenseLayer
from ..layer.sequencer import PhaseTimingSignature
from ..programming.network import FIGURES, NetworkProgrammer
from .control_registers import (
    control_registers,
    counters_of,
    errors_of,
    layer_register,
    trim_register,
)
from .frames import FrameInput, ScoreOutput

__all__ = ["NetworkController", "NetworkSignature", "StatusSignature"]

COUNTER_BITS = 32


class StatusSignature(wiring.Signature):
    """Event counters; each stays at its largest value once there.

    Members
    -------
    dropped : Out(32)
        Frames dropped for their length.
    unresolved : Out(32)
        Comparator decisions that were not resolved at the end of their strobe.
    """

    def __init__(self) -> None:
        super().__init__({"dropped": Out(COUNTER_BITS), "unresolved": Out(COUNTER_BITS)})


class NetworkSignature(wiring.Signature):
    """The ports of a network's controller.

    Members
    -------
    s_axis_*, m_axis_*
        AXI4-Stream image input and result output, see `FrameInput` and `ScoreOutput`.
    s_axil_*
        AXI4-Lite control, see `AxiLiteEndpoint`; `control_registers` has the registers.
    irq : Out(1)
        High while an enabled bit of INTERRUPT_STATUS is 1, from a register.
    status : Out(StatusSignature())
        Event counters.
    w_axis_*
        AXI4-Stream input of weights, see `NetworkProgrammer`; only with programmable macros.
    <layer>_macro<k> : Out(ArraySignature)
        The pins of each array.
    """

    def __init__(self, config: NetworkConfig):
        members = axi_stream_members("s_axis", In) | axi_stream_members("m_axis", Out)
        members |= axi_lite_members(control_registers(config).address_bits)
        members |= {"irq": Out(1), "status": Out(StatusSignature())}
        if config.programmable:
            members |= axi_stream_members("w_axis", In)
        for layer in config.layers:
            pins = Out(ArraySignature.of_layer(layer))
            members |= {f"{layer.name}_{macro}": pins for macro in layer.macro_names}
        super().__init__(members)


class NetworkController(wiring.Component):
    """All layers of a network, each with its macros, working on successive images at once.

    Parameters
    ----------
    config : NetworkConfig
        Layers and offsets.

    Members
    -------
    As in `NetworkSignature`.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.registers = RegisterBank(control_registers(config))
        self.axi_lite = AxiLiteEndpoint(self.registers.registers.address_bits)
        self.frame_input = FrameInput(config)
        self.layers = [DenseLayer(layer) for layer in config.layers]
        self.score_output = ScoreOutput(config)
        self.programmer = NetworkProgrammer(config) if config.programmable else None
        super().__init__(NetworkSignature(config))

    @property
    def latency(self) -> int:
        """Cycles from an image's first beat to its result's last, the pipeline empty."""
        return self.config.latency

    @property
    def interval(self) -> int:
        """Cycles from one result to the next while images wait."""
        return self.config.interval

    def model(
        self,
        bits: int,
        score: Callable[[int, int, int], int],
        trims: Sequence[Sequence[int]] = (),
    ) -> list[int]:
        """The result packet of one image, as signed integers.

        Parameters
        ----------
        bits : int
            The image, bit 0 first.
        score : callable (layer, neuron, input bits) -> int
            2m - n as the neuron's comparator sees it.
        trims : sequence of sequence of int, optional
            Per layer and macro, score units; none without it.
        """
        for index, layer in enumerate(self.layers):
            held = trims[index] if trims else ()
            bits = layer.model(bits, functools.partial(score, index), held)
        return self.score_output.model(bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.axi_lite = self.axi_lite
        m.submodules.registers = bank = self.registers
        connect(m, self.axi_lite.bus, bank.bus)
        # Endpoint and registers outlive a soft reset, and so does what programming left in the
        # cells and in the table of spare rows; all else starts again. The frame input still knows
        # whether the source is in a frame.
        restarted = ResetInserter(bank.control_soft_reset)
        m.submodules.frame_input = self.frame_input
        m.d.comb += self.frame_input.restart.eq(bank.control_soft_reset)
        m.submodules.score_output = restarted(self.score_output)
        for block in (self.axi_lite, self.frame_input, self.score_output):
            self._forward(m, block)
        previous = self.frame_input.o
        for index, layer in enumerate(self.layers):
            m.submodules[layer.config.name] = restarted(layer)
            connect(m, previous, layer.i)
            previous = layer.o
            for macro in layer.config.macro_names:
                self._connect_macro(m, layer, macro)
            for name in PhaseTimingSignature(layer.config.macro.timing).members:
                register = bank.registers[layer_register(index, name)]
                cycles = getattr(bank, register.port(register.fields[0]))
                m.d.comb += getattr(layer.timing, name).eq(cycles)
            if layer.config.trim_bits_in_use:
                self._join_trims(m, index, layer)
        connect(m, previous, self.score_output.i)
        if self.programmer is not None:
            m.submodules.programmer = self.programmer
            self._forward(m, self.programmer)
            self._connect_programmer(m, self.programmer)
        calibration = self._run_and_stop(m)
        self._report_events(m, calibration)
        return m

    def _forward(self, m: Module, block: wiring.Component) -> None:
        """Join a block's bus ports to the controller's own of the same names."""
        for name, member in block.signature.members.items():
            if name.startswith(("s_axi", "m_axi", "w_axi")):
                inner, outer = getattr(block, name), getattr(self, name)
                m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)

    def _connect_macro(self, m: Module, layer: DenseLayer, macro: str) -> None:
        """A macro's pins come from its layer, or from the programmer while that is active."""
        name = f"{layer.config.name}_{macro}"
        pins, inner = getattr(self, name), getattr(layer, macro)
        if self.programmer is None:
            connect(m, inner, flipped(pins))
            return
        programming = getattr(self.programmer, name)
        for pin, member in pins.signature.members.items():
            sources = [getattr(side, pin) for side in (inner, programming) if hasattr(side, pin)]
            if member.flow == In:
                m.d.comb += [source.eq(getattr(pins, pin)) for source in sources]
            else:
                # Whichever of the two is not at work is at 0.
                m.d.comb += getattr(pins, pin).eq(functools.reduce(operator.or_, sources))

    def _connect_programmer(self, m: Module, programmer: NetworkProgrammer) -> None:
        """Its tables to the layers, its figures to the registers."""
        bank = self.registers
        m.d.comb += bank.status_programming.eq(programmer.busy)
        for index, layer in enumerate(self.layers):
            name = layer.config.name
            status = getattr(programmer, name)
            if layer.follows_spares:
                m.d.comb += layer.moves.eq(getattr(programmer, f"{name}_moves"))
            fields = {f"{figure}_count": figure for figure in FIGURES}
            fields |= {"last_row_row": "row", "last_row_macro": "macro", "last_line_line": "line"}
            fields |= {"last_line_failed": "failed", "failure_bits_columns": "failure_bits"}
            prefix = layer_register(index, "").lower()
            for field, figure in fields.items():
                m.d.comb += getattr(bank, f"{prefix}{field}").eq(getattr(status, figure))
            address = getattr(bank, f"{prefix}failure_address_word")
            m.d.comb += status.failure_address.eq(address)

    def _join_trims(self, m: Module, index: int, layer: DenseLayer) -> None:
        """A layer's trims are in registers, which outlive a soft reset; it loads what it finds."""
        bits = layer.config.trim_bits_in_use + 1
        for macro in range(layer.config.macros):
            port = f"{trim_register(index, macro).lower()}_trim"
            m.d.comb += [
                getattr(self.registers, f"{port}_load").eq(layer.calibrated),
                getattr(self.registers, f"{port}_found").eq(layer.found.word_select(macro, bits)),
                layer.trims.word_select(macro, bits).eq(getattr(self.registers, port)),
            ]

    def _calibrate(self, m: Module, calibrating: Signal, busy: Value) -> dict[str, Value]:
        """CONTROL.calibrate; gives its events. All layers calibrate at once."""
        bank = self.registers
        trimmed = [layer for layer in self.layers if layer.config.trim_bits_in_use]
        if not trimmed:
            return {}
        was_calibrating = Signal()
        at_work = bank.status_running | busy | calibrating
        if self.programmer is not None:
            at_work |= self.programmer.busy
        idle = ~at_work
        m.d.comb += [
            calibrating.eq(Cat(layer.calibrating for layer in trimmed).any()),
            bank.status_calibrating.eq(calibrating),
            *(layer.calibrate.eq(bank.control_calibrate & idle) for layer in trimmed),
        ]
        m.d.sync += was_calibrating.eq(calibrating & ~bank.control_soft_reset)
        return {
            "calibration_refused": bank.control_calibrate & ~idle,
            "calibrated": was_calibrating & ~calibrating,
        }

    def _run_and_stop(self, m: Module) -> dict[str, Value]:
        """CONTROL and STATUS. Whether it runs outlives a soft reset: it is the master's choice.

        Gives the events of calibration.
        """
        bank = self.registers
        calibrating = Signal()
        running = Signal(init=1)
        with m.If(bank.control_stop):
            m.d.sync += running.eq(0)
        with m.Elif(bank.control_start):
            m.d.sync += running.eq(1)
        busy = Signal()
        enabled = running & ~calibrating
        if self.programmer is not None:
            enabled &= ~self.programmer.active
            m.d.comb += self.programmer.allowed.eq(~running & ~busy & ~calibrating)
        blocks = [self.frame_input.busy, *(layer.busy for layer in self.layers)]
        m.d.comb += [
            busy.eq(Cat(blocks, self.score_output.busy).any()),
            self.frame_input.enabled.eq(enabled),
            bank.status_running.eq(running),
            bank.status_busy.eq(busy),
            bank.clear.eq(bank.control_soft_reset),
        ]
        return self._calibrate(m, calibrating, busy)

    def _report_events(self, m: Module, calibration: dict[str, Value]) -> None:
        """Interrupts, errors and counters."""
        bank = self.registers
        unresolved = sum_of([layer.unresolved for layer in self.layers])
        image_done = self.m_axis_tvalid & self.m_axis_tready & self.m_axis_tlast
        events = {
            "image_done": image_done,
            "dropped_frame": self.frame_input.dropped,
            "unresolved": unresolved != 0,
            "timing_refused": bank.refused,
            **calibration,
        }
        if self.programmer is not None:
            events["row_done"] = self.programmer.row_done
            events["unrepairable_row"] = self.programmer.unrepairable
            events["dropped_row"] = self.programmer.dropped != 0
        raised = []
        for name, event in events.items():
            port = f"interrupt_status_{name}"
            m.d.comb += getattr(bank, port).eq(event)
            raised.append(getattr(bank, f"{port}_kept") & getattr(bank, f"interrupt_enable_{name}"))
            if name in errors_of(self.config):
                m.d.comb += getattr(bank, f"errors_{name}").eq(event)
        m.d.sync += self.irq.eq(Cat(raised).any())
        counted = {
            "IMAGES_DONE": image_done,
            "RESULT_STALL_CYCLES": self.m_axis_tvalid & ~self.m_axis_tready,
            "INPUT_STALL_CYCLES": self.s_axis_tvalid & ~self.s_axis_tready,
            "UNRESOLVED_DECISIONS": unresolved,
            "DROPPED_FRAMES": self.frame_input.dropped,
        }
        if self.programmer is not None:
            counted["DROPPED_ROWS"] = self.programmer.dropped
        ports = {
            "UNRESOLVED_DECISIONS": self.status.unresolved,
            "DROPPED_FRAMES": self.status.dropped,
        }
        for name in counters_of(self.config):
            counter = ports.get(name, Signal(COUNTER_BITS, name=name.lower()))
            self._count(m, counter, counted[name])
            m.d.comb += getattr(bank, f"{name.lower()}_count").eq(counter)
        cycles = Signal(2 * COUNTER_BITS)
        m.d.sync += cycles.eq(Mux(bank.control_soft_reset, 0, cycles + 1))
        m.d.comb += Cat(bank.cycles_low_count, bank.cycles_high_count).eq(cycles)

    def _count(self, m: Module, counter: Signal, events: Value) -> None:
        """Have a counter follow some events, one cycle after they are seen."""
        # Comparators and streams decide late in a cycle: the adder gets the next one for itself.
        seen = Signal(len(events), name=f"{counter.name}_seen")
        total = Signal(COUNTER_BITS + 1, name=f"{counter.name}_total")
        m.d.sync += seen.eq(Mux(self.registers.control_soft_reset, 0, events))
        m.d.comb += total.eq(counter + seen)
        with m.If(self.registers.control_soft_reset):
            m.d.sync += counter.eq(0)
        with m.Else():
            m.d.sync += counter.eq(Mux(total[-1], (1 << COUNTER_BITS) - 1, total))
