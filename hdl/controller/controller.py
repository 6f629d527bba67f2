"""The controller of a whole network: images in, array pins, classes and scores out."""

import functools
from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Const, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from ..bus.axi_lite import AxiLiteEndpoint, forward_axi_lite
from ..bus.axi_stream import PacketInput, join_streams
from ..bus.register_bank import RegisterBank
from ..config import NetworkConfig
from ..idioms import any_of, counted, members_of, sum_of
from ..layer.dense_layer import DenseLayer
from ..programming.network import NetworkProgrammer
from .control_registers import ControlRegisters
from .frames import ScoreOutput
from .image_order import ImageOrder
from .signature import COUNTER_BITS, NetworkSignature


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
        self.fields = ControlRegisters(config)
        self.registers = RegisterBank(self.fields.map)
        self.axi_lite = AxiLiteEndpoint(self.registers.registers.address_bits)
        self.frame_input = PacketInput(config.image_bits)
        self.layers = [DenseLayer(layer) for layer in config.layers]
        self.score_output = ScoreOutput(config)
        self.programmer = NetworkProgrammer(config) if config.programmable else None
        super().__init__(NetworkSignature(config))
        self.macros = [
            [getattr(self, f"{layer.name}_{macro}") for macro in layer.macro_names]
            for layer in config.layers
        ]
        """The pins of each array, by layer and macro."""

    @property
    def _soft_reset(self) -> Signal:
        return self.registers[self.fields.commands["soft_reset"]]

    @property
    def _image_done(self) -> Value:
        """In this cycle, a result's last beat is taken."""
        return self.m_axis_tvalid & self.m_axis_tready & self.m_axis_tlast

    @property
    def latency(self) -> int:
        """Cycles from an image's first beat to its result's last, the pipeline empty."""
        return self.config.latency

    @property
    def interval(self) -> int:
        """Cycles from one result to the next while images wait."""
        return self.config.interval

    def model(
        self, bits: int, score: Callable[[int, int, int], int], trims: Sequence[Sequence[int]] = ()
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
        forward_axi_lite(m, self, self.axi_lite)
        m.submodules.registers = self.registers
        connect(m, self.axi_lite.bus, self.registers.bus)
        # Endpoint and registers outlive a soft reset, and so does what programming left in the
        # cells and in the table of spare rows; all else starts again. The frame input still knows
        # whether the source is in a frame.
        soft_reset = self._soft_reset
        restarted = ResetInserter(soft_reset)
        m.submodules.frame_input = self.frame_input
        join_streams(m, self, "s_axis", self.frame_input, "s_axis")
        m.d.comb += self.frame_input.restart.eq(soft_reset)
        m.submodules.score_output = restarted(self.score_output)
        join_streams(m, self.score_output, "m_axis", self, "m_axis")
        previous = self.frame_input.o
        for index, layer in enumerate(self.layers):
            m.submodules[layer.config.name] = restarted(layer)
            connect(m, previous, layer.i)
            previous = layer.o
            self._connect_layer(m, index, layer)
        connect(m, previous, self.score_output.i)
        if self.programmer is not None:
            m.submodules.programmer = self.programmer
            join_streams(m, self, "w_axis", self.programmer, "w_axis")
            self._connect_programmer(m, self.programmer)
        calibrating = Signal()
        busy = Signal()
        running_upset = self._run_and_stop(m, calibrating, busy)
        events = self._calibrate(m, calibrating, busy)
        events |= self._upsets(m, running_upset, busy)
        self._report_events(m, events)
        self._count_cycles(m)
        return m

    def _connect_layer(self, m: Module, index: int, layer: DenseLayer) -> None:
        """A layer's lengths of phases and trims are in registers; its macros' pins are ports."""
        bank, fields = self.registers, self.fields.layers[index]
        lengths = members_of(layer.timing)
        m.d.comb += [
            lengths[name].eq(bank[register.field]) for name, register in fields.phases.items()
        ]
        bits = layer.config.trim_bits_in_use + 1
        for macro, trim in enumerate(fields.trims):
            # The register outlives a soft reset, and loads what a calibration finds.
            load, found = bank.load(trim.field)
            m.d.comb += [
                load.eq(layer.calibrated),
                found.eq(layer.found.word_select(macro, bits)),
                layer.trims.word_select(macro, bits).eq(bank[trim.field]),
            ]
        for macro, pins in enumerate(self.macros[index]):
            if self.programmer is None:
                connect(m, layer.macros[macro], flipped(pins))
            else:
                self._share_pins(m, pins, layer.macros[macro], self.programmer.macros[index][macro])

    @staticmethod
    def _share_pins(m: Module, pins: wiring.PureInterface, *sides: wiring.PureInterface) -> None:
        """Whichever side is not at work is at 0; some pins belong to one of them only."""
        flows = {name: member.flow for name, member in pins.signature.members.items()}
        for name, pin in members_of(pins).items():
            ends = [each[name] for each in map(members_of, sides) if name in each]
            if flows[name] == In:
                m.d.comb += [end.eq(pin) for end in ends]
            else:
                m.d.comb += pin.eq(any_of(ends))

    def _connect_programmer(self, m: Module, programmer: NetworkProgrammer) -> None:
        """Its tables to the layers, its counters to the registers."""
        bank = self.registers
        m.d.comb += bank[self.fields.states["programming"]].eq(programmer.busy)
        for layer, moves in zip(self.layers, programmer.moves, strict=True):
            if moves is not None:
                m.d.comb += layer.moves.eq(moves)
        for fields, status in zip(self.fields.layers, programmer.status, strict=True):
            if fields.programming is not None:
                told = members_of(status)
                shown = fields.programming.shown
                m.d.comb += [bank[field].eq(told[name]) for name, field in shown.items()]
                m.d.comb += status.failure_address.eq(bank[fields.programming.failure_address])

    def _run_and_stop(self, m: Module, calibrating: Signal, busy: Signal) -> Value:
        """CONTROL and STATUS. Whether it runs outlives a soft reset: it is the master's choice.
        Gives whether that has been upset."""
        bank, fields = self.registers, self.fields
        running = Signal(init=1)
        # Kept twice: an upset would stop it without a word.
        stopped = Signal()
        with m.If(bank[fields.commands["stop"]]):
            m.d.sync += [running.eq(0), stopped.eq(1)]
        with m.Elif(bank[fields.commands["start"]]):
            m.d.sync += [running.eq(1), stopped.eq(0)]
        enabled = running & ~calibrating
        if self.programmer is not None:
            enabled &= ~self.programmer.active
            m.d.comb += self.programmer.allowed.eq(~running & ~busy & ~calibrating)
        blocks = [self.frame_input.busy, *(layer.busy for layer in self.layers)]
        m.d.comb += [
            busy.eq(Cat(blocks, self.score_output.busy).any()),
            self.frame_input.enabled.eq(enabled),
            bank[fields.states["running"]].eq(running),
            bank[fields.states["busy"]].eq(busy),
            bank.clear.eq(self._soft_reset),
        ]
        return running == stopped

    def _upsets(self, m: Module, running_upset: Value, busy: Signal) -> dict[str, Value]:
        """Registers that flip by themselves, as events: each is seen in the cycle before."""
        order = ImageOrder(len(self.layers) + 1)
        m.submodules.image_order = order
        stages = [*(layer.i for layer in self.layers), self.score_output.i]
        m.d.comb += [
            order.completed.eq(self.frame_input.completed),
            order.taken.eq(Cat(stage.valid & stage.ready for stage in stages)),
            order.done.eq(self._image_done),
            order.busy.eq(busy),
            order.restart.eq(self._soft_reset),
        ]
        lost = [each.calibration_lost for each in self.layers if each.config.trim_bits_in_use]
        seen = {
            "state_upset": [order.upset, self.axi_lite.upset, *lost],
            "configuration_upset": [self.registers.upset, running_upset],
        }
        if self.programmer is not None:
            seen["configuration_upset"].append(self.programmer.moves_upset)
            seen["state_upset"].append(self.programmer.state_upset)
        events = {}
        for name, signs in seen.items():
            event = Signal(name=name)
            m.d.sync += event.eq(Cat(signs).any())
            events[name] = event
        return events

    def _calibrate(self, m: Module, calibrating: Signal, busy: Signal) -> dict[str, Value]:
        """CONTROL.calibrate; gives its events. All layers calibrate at once."""
        bank, states = self.registers, self.fields.states
        trimmed = [layer for layer in self.layers if layer.config.trim_bits_in_use]
        if not trimmed:
            return {}
        asked = bank[self.fields.commands["calibrate"]]
        was_calibrating = Signal()
        at_work = Signal()
        programming = Const(0) if self.programmer is None else self.programmer.busy
        m.d.comb += [
            at_work.eq(bank[states["running"]] | busy | calibrating | programming),
            calibrating.eq(Cat(layer.calibrating for layer in trimmed).any()),
            bank[states["calibrating"]].eq(calibrating),
            *(layer.calibrate.eq(asked & ~at_work) for layer in trimmed),
        ]
        m.d.sync += was_calibrating.eq(calibrating & ~self._soft_reset)
        return {
            "calibration_refused": asked & at_work,
            "calibrated": was_calibrating & ~calibrating,
        }

    def _report_events(self, m: Module, more: dict[str, Value]) -> None:
        """Interrupts, errors and counters."""
        bank, fields = self.registers, self.fields
        unresolved = sum_of([layer.unresolved for layer in self.layers])
        events = {
            "image_done": self._image_done,
            "dropped_frame": self.frame_input.dropped,
            "unresolved": unresolved != 0,
            "timing_refused": bank.refused,
            **more,
        }
        counts = {
            "IMAGES_DONE": self._image_done,
            "RESULT_STALL_CYCLES": self.m_axis_tvalid & ~self.m_axis_tready,
            "INPUT_STALL_CYCLES": self.s_axis_tvalid & ~self.s_axis_tready,
            "UNRESOLVED_DECISIONS": unresolved,
            "DROPPED_FRAMES": self.frame_input.dropped,
        }
        if self.programmer is not None:
            counts["DROPPED_ROWS"] = self.programmer.dropped
            events["row_done"] = self.programmer.row_done
            events["unrepairable_row"] = self.programmer.unrepairable
            events["dropped_row"] = self.programmer.dropped != 0
        for name, happens in counts.items():
            self._count(m, name, happens)
        for name, happens in events.items():
            m.d.comb += bank[fields.statuses[name]].eq(happens)
            if name in fields.errors:
                m.d.comb += bank[fields.errors[name]].eq(happens)
        raised = [bank.kept(fields.statuses[name]) & bank[fields.enables[name]] for name in events]
        m.d.sync += self.irq.eq(Cat(raised).any())

    def _count_cycles(self, m: Module) -> None:
        bank, fields = self.registers, self.fields
        cycles = Signal(2 * COUNTER_BITS)
        m.d.sync += cycles.eq(Mux(self._soft_reset, 0, cycles + 1))
        m.d.comb += Cat(bank[fields.cycles_low], bank[fields.cycles_high]).eq(cycles)

    def _count(self, m: Module, name: str, events: Value) -> None:
        """Have a counter follow some events, one cycle after they are seen; two are ports."""
        ports = {
            "UNRESOLVED_DECISIONS": self.status.unresolved,
            "DROPPED_FRAMES": self.status.dropped,
        }
        counter = ports.get(name)
        if counter is None:
            counter = Signal(COUNTER_BITS, name=name.lower())
        # Comparators and streams decide late in a cycle: the adder gets the next one for itself.
        seen = Signal(len(events), name=f"{counter.name}_seen")
        m.d.sync += [
            seen.eq(Mux(self._soft_reset, 0, events)),
            counter.eq(Mux(self._soft_reset, 0, counted(m, counter, seen))),
        ]
        m.d.comb += self.registers[self.fields.counters[name].field].eq(counter)
