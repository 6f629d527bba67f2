"""The control registers of a network's controller, as data: each field that its logic drives or
reads is found by its name."""

import enum
import re
from typing import NamedTuple

from ... import __version__
from ..bus.registers import WORD_BITS, Access, Block, Field, Register, RegisterMap
from ..config import NetworkConfig
from .layer_registers import LayerRegisters, constants

IDENTITY = int.from_bytes(b"PBRG", "little")
"""Its bytes in memory spell it."""
LAYER_OFFSET = 0x100
"""Byte address of layer 0's block."""
LAYER_STRIDE = 0x40
"""Bytes of a layer's block without programming."""


class Part(enum.Enum):
    """Which controllers have a field or a counter."""

    EVERY = "every controller"
    PROGRAMMING = "those of programmable macros"
    CALIBRATION = "those of macros with trims"


class Entry(NamedTuple):
    """A row of the tables below."""

    doc: str
    part: Part = Part.EVERY
    reset: int = 0
    is_error: bool = False


COMMANDS = {
    "start": Entry("Take images. So it is after reset, too."),
    "stop": Entry("Begin no further image; those begun, on `s_axis` too, are finished."),
    "soft_reset": Entry(
        "Lose all images in progress, clear counters, ERRORS and INTERRUPT_STATUS; "
        "phase times, INTERRUPT_ENABLE and whether it runs stay as they are."
    ),
    "calibrate": Entry(
        "Measure the comparators' offsets and load the trims; while stopped and not busy only.",
        Part.CALIBRATION,
    ),
}
"""Bits of CONTROL."""
STATES = {
    "running": Entry("Images are taken.", reset=1),
    "busy": Entry("An image is in progress, from first beat to last."),
    "calibrating": Entry("A calibration is in progress; no image is begun.", Part.CALIBRATION),
    "programming": Entry(
        "Rows of weights are in progress or wait, until CONTROL.stop if it runs.", Part.PROGRAMMING
    ),
}
"""Bits of STATUS."""
EVENTS = {
    "image_done": Entry("The last beat of a result was taken."),
    "row_done": Entry("A row of weights is done, right or not.", Part.PROGRAMMING),
    "dropped_frame": Entry("An image of a wrong length was dropped.", is_error=True),
    "unresolved": Entry("A comparator was unresolved at the end of its strobe.", is_error=True),
    "timing_refused": Entry("A phase time out of its range was written.", is_error=True),
    "unrepairable_row": Entry(
        "A row has more failing cells than the limit and no spare row is left.",
        Part.PROGRAMMING, is_error=True,
    ),
    "dropped_row": Entry(
        "A packet of weights was dropped: wrong length, or no such layer or row.",
        Part.PROGRAMMING, is_error=True,
    ),
    "calibration_refused": Entry(
        "A calibration was asked for while running or busy; nothing was done.",
        Part.CALIBRATION, is_error=True,
    ),
    "calibrated": Entry("A calibration is done.", Part.CALIBRATION),
    "configuration_upset": Entry(
        "A bit of configuration has flipped by itself: a register that is written (phase times, "
        "trims, INTERRUPT_ENABLE, ...), whether it runs, or the table of spare rows. It is set "
        "again until the configuration is written anew.",
        is_error=True,
    ),
    "state_upset": Entry(
        "A register has flipped by itself: an image was lost or is one too many, a calibration "
        "ended without trims, a write was lost, or programming was begun or ended.",
        is_error=True,
    ),
}  # fmt: skip
"""Bits of both INTERRUPT registers; those of errors are in ERRORS, too."""
PROGRAMMING_ERRORS = [
    name for name, each in EVENTS.items() if each.part is Part.PROGRAMMING and each.is_error
]
"""The errors that programming adds."""
COUNTERS = {
    "IMAGES_DONE": Entry("Results whose last beat was taken."),
    "RESULT_STALL_CYCLES": Entry("Cycles in which a result waited for `m_axis_tready`."),
    "INPUT_STALL_CYCLES": Entry("Cycles in which an image waited for `s_axis_tready`."),
    "UNRESOLVED_DECISIONS": Entry(
        "Decisions whose comparator was unresolved at the end of its strobe."
    ),
    "DROPPED_FRAMES": Entry("Images dropped for a wrong length."),
    "DROPPED_ROWS": Entry("Packets of weights dropped.", Part.PROGRAMMING),
}
"""Each stays at its largest value once there."""


class ControlRegisters:
    """All registers of a network's controller, with the fields that its logic knows by name.

    Members
    -------
    map : RegisterMap
        One block for all, one for each layer, one of trims.
    layers : list of LayerRegisters
    commands, states : dict of str to Field
        Those of `COMMANDS` and `STATES` that this controller has.
    enables, statuses, errors : dict of str to Field
        The bits of each event in INTERRUPT_ENABLE, INTERRUPT_STATUS and, of an error, ERRORS.
    counters : dict of str to Register
    cycles_low, cycles_high : Field
        Halves of the counter of clock cycles.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self._parts = {Part.EVERY}
        self._parts |= {Part.PROGRAMMING} if config.programmable else set()
        self._parts |= {Part.CALIBRATION} if config.calibration_cycles else set()
        self.layers = [LayerRegisters(index, layer) for index, layer in enumerate(config.layers)]
        errors = {name: event for name, event in EVENTS.items() if event.is_error}
        self.commands = self._bits(COMMANDS, Access.WRITE_1)
        self.states = self._bits(STATES, Access.READ_ONLY)
        self.enables = self._bits(EVENTS, Access.READ_WRITE)
        self.statuses = self._bits(EVENTS, Access.WRITE_1_TO_CLEAR)
        self.errors = self._bits(errors, Access.WRITE_1_TO_CLEAR)
        self.counters = {
            name: _counter(name, entry.doc) for name, entry in self._present(COUNTERS).items()
        }
        common = (*self._identity(), *self._control(), *self._counters(), *self._trims_at())
        blocks = [Block(name="CONTROLLER", offset=0, registers=common)]
        for index, layer in enumerate(self.layers):
            offset = LAYER_OFFSET + self._stride * index
            blocks.append(Block(name=f"LAYER{index}", offset=offset, registers=layer.registers))
        if trims := [trim for layer in self.layers for trim in layer.trims]:
            blocks.append(Block(name="TRIMS", offset=self._trims_offset, registers=tuple(trims)))
        self.map = RegisterMap(tuple(blocks))

    def _present(self, table: dict[str, Entry]) -> dict[str, Entry]:
        return {name: entry for name, entry in table.items() if entry.part in self._parts}

    def _bits(self, table: dict[str, Entry], access: Access) -> dict[str, Field]:
        return {
            name: Field(name=name, bits=1, access=access, doc=entry.doc, reset=entry.reset)
            for name, entry in self._present(table).items()
        }

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
        letters = ("letters", IDENTITY, "PBRG in ASCII, first letter lowest.")
        version = [(part, int(number), f"Its {part} number.") for part, number in parts]
        made_by = "The version of popbridge that made the hardware."
        return [
            constants("IDENTITY", "What this is.", letters, bits=WORD_BITS),
            constants("VERSION", made_by, *version, bits=8),
            constants(
                "NETWORK", "Size of the network.",
                ("layers", len(config.layers), "Number of layers."),
                ("classes", config.classes, "Neurons of the last layer, scores of a result."),
            ),
            constants(
                "IMAGE", "Size of an image.",
                ("inputs", config.layers[0].inputs, "Values of an image, of one bit or several."),
                ("beats", config.input_beats, "Beats of an image on `s_axis`."),
            ),
            constants(
                "LAYER_BLOCKS", "Where the layers' registers are: first + stride * layer.",
                ("first", LAYER_OFFSET, "Byte address of the first layer's block."),
                ("stride", self._stride, "Bytes from one layer's block to the next."),
            ),
        ]  # fmt: skip

    def _control(self) -> list[Register]:
        commands = "Commands. `stop` goes before `start` where both are written."
        events = "Events since they were last cleared, enabled or not."
        table = (
            ("CONTROL", self.commands, commands),
            ("STATUS", self.states, "What the controller is doing."),
            ("ERRORS", self.errors, "What went wrong since it was last cleared."),
            ("INTERRUPT_ENABLE", self.enables, "Which bits of INTERRUPT_STATUS raise `irq`."),
            ("INTERRUPT_STATUS", self.statuses, events),
        )
        return [
            Register(name=name, doc=doc, fields=tuple(fields.values()))
            for name, fields, doc in table
        ]

    def _counters(self) -> list[Register]:
        cycles = "Clock cycles since the last reset, soft or not."
        low = _counter(
            "CYCLES_LOW", f"{cycles} Reading this copies the upper half.", "Lower 32 bits.",
            latches="CYCLES_HIGH",
        )  # fmt: skip
        high = _counter("CYCLES_HIGH", "As it was when CYCLES_LOW was last read.", "Upper 32 bits.")
        self.cycles_low, self.cycles_high = low.field, high.field
        return [low, high, *self.counters.values()]

    def _trims_at(self) -> list[Register]:
        if Part.CALIBRATION not in self._parts:
            return []
        at = ("first", self._trims_offset, "Byte address of the first trim.")
        doc = "Where the trims are, in the order of layers and macros."
        return [constants("CALIBRATION", doc, at)]


def _counter(name: str, doc: str, count: str = "How many.", latches: str = "") -> Register:
    field = Field(name="count", bits=WORD_BITS, access=Access.READ_ONLY, doc=count)
    return Register(name=name, fields=(field,), doc=doc, latches=latches)


def control_registers(config: NetworkConfig) -> RegisterMap:
    """The map of a network's controller; see `ControlRegisters`."""
    return ControlRegisters(config).map
