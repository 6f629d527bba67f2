"""The control registers of a network's controller, as data: each field that its logic drives or
reads is an attribute."""

import re

from ... import __version__
from ..bus.registers import WORD_BITS, Access, Block, Field, Register, RegisterMap
from ..config import NetworkConfig
from .layer_registers import LayerRegisters, bit, constants

IDENTITY = int.from_bytes(b"PBRG", "little")
"""Its bytes in memory spell it."""
LAYER_OFFSET = 0x100
"""Byte address of layer 0's block."""
LAYER_STRIDE = 0x40
"""Bytes of a layer's block without programming."""
PROGRAMMING_ERRORS = {
    "unrepairable_row": "A row has more failing cells than the limit and no spare row is left.",
    "dropped_row": "A packet of weights was dropped: wrong length, or no such layer or row.",
}
"""The errors that programming adds."""


class Event:
    """Something that happens: a bit of both INTERRUPT registers and, of an error, of ERRORS."""

    def __init__(self, name: str, doc: str, *, is_error: bool = True):
        self.enable = bit(name, Access.READ_WRITE, doc)
        self.status = bit(name, Access.WRITE_1_TO_CLEAR, doc)
        self.error = bit(name, Access.WRITE_1_TO_CLEAR, doc) if is_error else None


class ProgrammingFields:
    """What programmable macros add to the registers of the whole controller."""

    def __init__(self) -> None:
        waits = "Rows of weights are in progress or wait, until CONTROL.stop if it runs."
        self.busy = bit("programming", Access.READ_ONLY, waits)
        self.row_done = Event("row_done", "A row of weights is done, right or not.", is_error=False)
        self.unrepairable_row, self.dropped_row = (
            Event(name, doc) for name, doc in PROGRAMMING_ERRORS.items()
        )
        self.dropped_rows = _counter("DROPPED_ROWS", "Packets of weights dropped.")


class CalibrationFields:
    """What trims add to the registers of the whole controller."""

    def __init__(self) -> None:
        self.start = bit(
            "calibrate", Access.WRITE_1,
            "Measure the comparators' offsets and load the trims; while stopped and not busy only.",
        )  # fmt: skip
        self.busy = bit(
            "calibrating", Access.READ_ONLY, "A calibration is in progress; no image is begun."
        )
        self.refused = Event(
            "calibration_refused",
            "A calibration was asked for while running or busy; nothing was done.",
        )
        self.done = Event("calibrated", "A calibration is done.", is_error=False)


class ControlRegisters:
    """All registers of a network's controller, with the fields that its logic knows by name.

    Members
    -------
    map : RegisterMap
        One block for all, one for each layer, one of trims.
    layers : list of LayerRegisters
    events : list of Event
        In the order of their bits.
    counters : list of Register
        Each stays at its largest value once there.
    programming, calibration : ProgrammingFields, CalibrationFields or None
        None without programmable macros, without trims.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.programming = ProgrammingFields() if config.programmable else None
        self.calibration = CalibrationFields() if config.calibration_cycles else None
        self.layers = [LayerRegisters(index, layer) for index, layer in enumerate(config.layers)]
        control = self._control()
        events = self._events()
        counters = self._counters()
        common = (*self._identity(), *control, *events, *counters, *self._trims_at())
        blocks = [Block(name="CONTROLLER", offset=0, registers=common)]
        for index, layer in enumerate(self.layers):
            offset = LAYER_OFFSET + self._stride * index
            blocks.append(Block(name=f"LAYER{index}", offset=offset, registers=layer.registers))
        if trims := [trim for layer in self.layers for trim in layer.trims]:
            blocks.append(Block(name="TRIMS", offset=self._trims_offset, registers=tuple(trims)))
        self.map = RegisterMap(tuple(blocks))

    @property
    def _stride(self) -> int:
        """Bytes from one layer's block to the next."""
        return (2 if self.config.programmable else 1) * LAYER_STRIDE

    @property
    def _trims_offset(self) -> int:
        return LAYER_OFFSET + self._stride * len(self.layers)

    def _identity(self) -> list[Register]:
        config = self.config
        release = re.match(r"(\d+)\.(\d+)\.(\d+)", __version__)
        assert release, __version__
        parts = zip(("patch", "minor", "major"), reversed(release.groups()), strict=True)
        letters = Field(
            name="letters",
            bits=WORD_BITS,
            access=Access.READ_ONLY,
            reset=IDENTITY,
            doc="PBRG in ASCII, first letter lowest.",
        )
        return [
            Register(name="IDENTITY", doc="What this is.", fields=(letters,)),
            Register(
                name="VERSION",
                doc="The version of popbridge that made the hardware.",
                fields=tuple(
                    Field(
                        name=part, bits=8, access=Access.READ_ONLY, reset=int(number),
                        doc=f"Its {part} number.",
                    )
                    for part, number in parts
                ),
            ),
            constants(
                "NETWORK", "Size of the network.",
                ("layers", len(config.layers), "Number of layers."),
                ("classes", config.classes, "Neurons of the last layer, scores of a result."),
            ),
            constants(
                "IMAGE", "Size of an image.",
                ("inputs", config.layers[0].inputs, "Bits of an image."),
                ("beats", config.input_beats, "Beats of an image on `s_axis`."),
            ),
            constants(
                "LAYER_BLOCKS", "Where the layers' registers are: offset + stride * layer.",
                ("offset", LAYER_OFFSET, "Byte address of the first layer's block."),
                ("stride", self._stride, "Bytes from one layer's block to the next."),
            ),
        ]  # fmt: skip

    def _control(self) -> list[Register]:
        self.start = bit("start", Access.WRITE_1, "Take images. So it is after reset, too.")
        self.stop = bit(
            "stop",
            Access.WRITE_1,
            "Begin no further image; those begun, on `s_axis` too, are finished.",
        )
        self.soft_reset = bit(
            "soft_reset",
            Access.WRITE_1,
            "Lose all images in progress, clear counters, ERRORS and INTERRUPT_STATUS; "
            "phase times, INTERRUPT_ENABLE and whether it runs stay as they are.",
        )
        self.running = bit("running", Access.READ_ONLY, "Images are taken.", reset=1)
        self.busy = bit(
            "busy", Access.READ_ONLY, "An image is in progress, from first beat to last."
        )
        commands = [self.start, self.stop, self.soft_reset]
        states = [self.running, self.busy]
        if self.calibration is not None:
            commands.append(self.calibration.start)
            states.append(self.calibration.busy)
        if self.programming is not None:
            states.append(self.programming.busy)
        return [
            Register(
                name="CONTROL",
                doc="Commands. `stop` goes before `start` where both are written.",
                fields=tuple(commands),
            ),
            Register(name="STATUS", doc="What the controller is doing.", fields=tuple(states)),
        ]

    def _events(self) -> list[Register]:
        done = "The last beat of a result was taken."
        unresolved = "A comparator was unresolved at the end of its strobe."
        self.image_done = Event("image_done", done, is_error=False)
        self.dropped_frame = Event("dropped_frame", "An image of a wrong length was dropped.")
        self.unresolved = Event("unresolved", unresolved)
        self.timing_refused = Event("timing_refused", "A phase time out of its range was written.")
        self.events = [self.image_done]
        if self.programming is not None:
            self.events.append(self.programming.row_done)
        self.events += [self.dropped_frame, self.unresolved, self.timing_refused]
        if self.programming is not None:
            self.events += [self.programming.unrepairable_row, self.programming.dropped_row]
        if self.calibration is not None:
            self.events += [self.calibration.refused, self.calibration.done]
        return [
            Register(
                name="ERRORS",
                doc="What went wrong since it was last cleared.",
                fields=tuple(event.error for event in self.events if event.error is not None),
            ),
            Register(
                name="INTERRUPT_ENABLE",
                doc="Which bits of INTERRUPT_STATUS raise `irq`.",
                fields=tuple(event.enable for event in self.events),
            ),
            Register(
                name="INTERRUPT_STATUS",
                doc="Events since they were last cleared, enabled or not.",
                fields=tuple(event.status for event in self.events),
            ),
        ]

    def _counters(self) -> list[Register]:
        cycles = "Clock cycles since the last reset, soft or not."
        low = _counter(
            "CYCLES_LOW", f"{cycles} Reading this copies the upper half.", "Lower 32 bits.",
            latches="CYCLES_HIGH",
        )  # fmt: skip
        high = _counter("CYCLES_HIGH", "As it was when CYCLES_LOW was last read.", "Upper 32 bits.")
        self.cycles_low, self.cycles_high = low.field, high.field
        self.images_done = _counter("IMAGES_DONE", "Results whose last beat was taken.")
        self.result_stall_cycles = _counter(
            "RESULT_STALL_CYCLES", "Cycles in which a result waited for `m_axis_tready`."
        )
        self.input_stall_cycles = _counter(
            "INPUT_STALL_CYCLES", "Cycles in which an image waited for `s_axis_tready`."
        )
        self.unresolved_decisions = _counter(
            "UNRESOLVED_DECISIONS",
            "Decisions whose comparator was unresolved at the end of its strobe.",
        )
        self.dropped_frames = _counter("DROPPED_FRAMES", "Images dropped for a wrong length.")
        self.counters = [
            self.images_done,
            self.result_stall_cycles,
            self.input_stall_cycles,
            self.unresolved_decisions,
            self.dropped_frames,
        ]
        if self.programming is not None:
            self.counters.append(self.programming.dropped_rows)
        return [low, high, *self.counters]

    def _trims_at(self) -> list[Register]:
        if self.calibration is None:
            return []
        at = ("offset", self._trims_offset, "Byte address of the first trim.")
        doc = "Where the trims are, in the order of layers and macros."
        return [constants("CALIBRATION", doc, at)]


def _counter(name: str, doc: str, count: str = "How many.", latches: str = "") -> Register:
    field = Field(name="count", bits=WORD_BITS, access=Access.READ_ONLY, doc=count)
    return Register(name=name, fields=(field,), doc=doc, latches=latches)


def control_registers(config: NetworkConfig) -> RegisterMap:
    """The map of a network's controller; see `ControlRegisters`."""
    return ControlRegisters(config).map
