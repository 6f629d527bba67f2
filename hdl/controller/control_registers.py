"""The control registers of a network's controller, as data."""

from __future__ import annotations

import re

from ... import __version__
from ..bus.registers import WORD_BITS, Access, Block, Field, Register, RegisterMap
from ..config import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, LayerConfig, NetworkConfig, Readout
from ..programming.registers import layer_programming, programming_counters, programming_errors

__all__ = [
    "COUNTERS",
    "ERRORS",
    "LAYER_OFFSET",
    "LAYER_STRIDE",
    "control_registers",
    "counters_of",
    "errors_of",
    "layer_register",
    "trim_register",
]

IDENTITY = int.from_bytes(b"PBRG", "little")
"""Its bytes in memory spell it."""
HALF = 16
"""Bits of a size: none is beyond `config.WIDEST_BUS`."""
LAYER_OFFSET = 0x100
"""Byte address of layer 0's block."""
LAYER_STRIDE = 0x40
"""Bytes of a layer's block without programming."""
READOUT_CODES = {Readout.SIGN: 0, Readout.COUNT: 1}

ERRORS = {
    "dropped_frame": "An image of a wrong length was dropped.",
    "unresolved": "A comparator was unresolved at the end of its strobe.",
    "timing_refused": "A phase time out of its range was written.",
}
"""Field name to meaning, in the order of the fields."""
CALIBRATION_REFUSED = {
    "calibration_refused": "A calibration was asked for while running or busy; nothing was done."
}
"""A further one, where there are trims."""
CALIBRATED = {"calibrated": "A calibration is done."}
"""An event that is no error."""
COUNTERS = {
    "IMAGES_DONE": "Results whose last beat was taken.",
    "RESULT_STALL_CYCLES": "Cycles in which a result waited for `m_axis_tready`.",
    "INPUT_STALL_CYCLES": "Cycles in which an image waited for `s_axis_tready`.",
    "UNRESOLVED_DECISIONS": "Decisions whose comparator was unresolved at the end of its strobe.",
    "DROPPED_FRAMES": "Images dropped for a wrong length.",
}
"""Register name to meaning; each stays at its largest value once there."""


def errors_of(config: NetworkConfig) -> dict[str, str]:
    """All errors of a network's controller, as `ERRORS`."""
    refused = CALIBRATION_REFUSED if config.calibration_cycles else {}
    return ERRORS | programming_errors(config) | refused


def counters_of(config: NetworkConfig) -> dict[str, str]:
    """All counters of a network's controller, as `COUNTERS`."""
    return COUNTERS | programming_counters(config)


def layer_stride(config: NetworkConfig) -> int:
    """Bytes from one layer's block to the next."""
    return (2 if config.programmable else 1) * LAYER_STRIDE


def layer_register(index: int, name: str) -> str:
    """The name of a register in a layer's block. Layers go by number: names could differ in case
    only, or look like another register's."""
    return f"LAYER{index}_{name.upper()}"


def trim_register(index: int, macro: int) -> str:
    """The name of the register of a macro's trim."""
    return layer_register(index, f"trim{macro}")


def control_registers(config: NetworkConfig) -> RegisterMap:
    """The map of a network's controller: one block for all, one for each layer, one of trims."""
    common = (
        *_identity(config),
        *_control(config),
        *_interrupts(config),
        *_counters(config),
        *_calibration(config),
    )
    layers = [
        Block(
            name=f"LAYER{index}",
            offset=LAYER_OFFSET + layer_stride(config) * index,
            registers=(
                *_layer_geometry(index, layer),
                *_phase_times(index, layer),
                *layer_programming(layer_register(index, ""), _named(index, layer), layer),
            ),
        )
        for index, layer in enumerate(config.layers)
    ]
    trims = tuple(
        _trim(index, layer, macro)
        for index, layer in enumerate(config.layers)
        if layer.trim_bits_in_use
        for macro in range(layer.macros)
    )
    blocks = [Block(name="CONTROLLER", offset=0, registers=common), *layers]
    if trims:
        blocks.append(Block(name="TRIMS", offset=_trims_offset(config), registers=trims))
    return RegisterMap(tuple(blocks))


def _trims_offset(config: NetworkConfig) -> int:
    return LAYER_OFFSET + layer_stride(config) * len(config.layers)


def _constants(name: str, doc: str, *fields: tuple[str, int, str]) -> Register:
    """A register of sizes that the configuration fixes: (field, value, meaning)."""
    return Register(
        name=name,
        doc=doc,
        fields=tuple(
            Field(name=field, bits=HALF, access=Access.READ_ONLY, reset=value, doc=meaning)
            for field, value, meaning in fields
        ),
    )


def _identity(config: NetworkConfig) -> list[Register]:
    release = re.match(r"(\d+)\.(\d+)\.(\d+)", __version__)
    assert release, __version__
    parts = zip(("patch", "minor", "major"), reversed(release.groups()), strict=True)
    read_only = Access.READ_ONLY
    return [
        Register(
            name="IDENTITY",
            doc="What this is.",
            fields=(
                Field(
                    name="letters", bits=WORD_BITS, access=read_only, reset=IDENTITY,
                    doc="PBRG in ASCII, first letter lowest.",
                ),
            ),
        ),
        Register(
            name="VERSION",
            doc="The version of popbridge that made the hardware.",
            fields=tuple(
                Field(
                    name=part, bits=8, access=read_only, reset=int(number),
                    doc=f"Its {part} number.",
                )
                for part, number in parts
            ),
        ),
        _constants(
            "NETWORK", "Size of the network.",
            ("layers", len(config.layers), "Number of layers."),
            ("classes", config.classes, "Neurons of the last layer, scores of a result."),
        ),
        _constants(
            "IMAGE", "Size of an image.",
            ("inputs", config.layers[0].inputs, "Bits of an image."),
            ("beats", config.input_beats, "Beats of an image on `s_axis`."),
        ),
        _constants(
            "LAYER_BLOCKS", "Where the layers' registers are: offset + stride * layer.",
            ("offset", LAYER_OFFSET, "Byte address of the first layer's block."),
            ("stride", layer_stride(config), "Bytes from one layer's block to the next."),
        ),
    ]  # fmt: skip


def _bit(name: str, access: Access, doc: str, reset: int = 0) -> Field:
    return Field(name=name, bits=1, access=access, doc=doc, reset=reset)


def _control(config: NetworkConfig) -> list[Register]:
    calibrate = _bit(
        "calibrate",
        Access.WRITE_1,
        "Measure the comparators' offsets and load the trims; while stopped and not busy only.",
    )
    calibrating = _bit(
        "calibrating", Access.READ_ONLY, "A calibration is in progress; no image is begun."
    )
    trimmed = config.calibration_cycles > 0
    meaning = "Rows of weights are in progress or wait, until CONTROL.stop if it runs."
    programming = [_bit("programming", Access.READ_ONLY, meaning)] * config.programmable
    return [
        Register(
            name="CONTROL",
            doc="Commands. `stop` goes before `start` where both are written.",
            fields=(
                _bit("start", Access.WRITE_1, "Take images. So it is after reset, too."),
                _bit(
                    "stop",
                    Access.WRITE_1,
                    "Begin no further image; those begun, on `s_axis` too, are finished.",
                ),
                _bit(
                    "soft_reset",
                    Access.WRITE_1,
                    "Lose all images in progress, clear counters, ERRORS and INTERRUPT_STATUS; "
                    "phase times, INTERRUPT_ENABLE and whether it runs stay as they are.",
                ),
                *([calibrate] if trimmed else []),
            ),
        ),
        Register(
            name="STATUS",
            doc="What the controller is doing.",
            fields=(
                _bit("running", Access.READ_ONLY, "Images are taken.", reset=1),
                _bit("busy", Access.READ_ONLY, "An image is in progress, from first beat to last."),
                *([calibrating] if trimmed else []),
                *programming,
            ),
        ),
        Register(
            name="ERRORS",
            doc="What went wrong since it was last cleared.",
            fields=tuple(
                _bit(name, Access.WRITE_1_TO_CLEAR, doc) for name, doc in errors_of(config).items()
            ),
        ),
    ]


def _interrupts(config: NetworkConfig) -> list[Register]:
    events = {"image_done": "The last beat of a result was taken."}
    if config.programmable:
        events["row_done"] = "A row of weights is done, right or not."
    events |= errors_of(config)
    if config.calibration_cycles:
        events |= CALIBRATED
    return [
        Register(
            name="INTERRUPT_ENABLE",
            doc="Which bits of INTERRUPT_STATUS raise `irq`.",
            fields=tuple(_bit(name, Access.READ_WRITE, doc) for name, doc in events.items()),
        ),
        Register(
            name="INTERRUPT_STATUS",
            doc="Events since they were last cleared, enabled or not.",
            fields=tuple(_bit(name, Access.WRITE_1_TO_CLEAR, doc) for name, doc in events.items()),
        ),
    ]


def _counter(name: str, doc: str, count: str = "How many.", latches: str = "") -> Register:
    field = Field(name="count", bits=WORD_BITS, access=Access.READ_ONLY, doc=count)
    return Register(name=name, fields=(field,), doc=doc, latches=latches)


def _counters(config: NetworkConfig) -> list[Register]:
    cycles = "Clock cycles since the last reset, soft or not."
    return [
        _counter(
            "CYCLES_LOW", f"{cycles} Reading this copies the upper half.", "Lower 32 bits.",
            latches="CYCLES_HIGH",
        ),
        _counter("CYCLES_HIGH", "As it was when CYCLES_LOW was last read.", "Upper 32 bits."),
        *(_counter(name, doc) for name, doc in counters_of(config).items()),
    ]  # fmt: skip


def _calibration(config: NetworkConfig) -> list[Register]:
    if not config.calibration_cycles:
        return []
    return [
        _constants(
            "CALIBRATION", "Where the trims are, in the order of layers and macros.",
            ("offset", _trims_offset(config), "Byte address of the first trim."),
        )
    ]  # fmt: skip


def _trim(index: int, layer: LayerConfig, macro: int) -> Register:
    trim = Field(
        name="trim",
        bits=layer.trim_bits_in_use + 1,
        access=Access.LOADED,
        doc="Added to every score, score units in two's complement: after a calibration the "
        "offset measured, rounded towards 0. A soft reset leaves it.",
    )
    doc = f"Layer {index}, `{layer.name}`: trim of macro {macro}, from its next row on."
    return Register(name=trim_register(index, macro), fields=(trim,), doc=doc)


def _named(index: int, layer: LayerConfig) -> str:
    return f"Layer {index}, `{layer.name}`"


def _layer_geometry(index: int, layer: LayerConfig) -> list[Register]:
    macro = layer.macro
    codes = ", ".join(f"{code} {kind.value}" for kind, code in READOUT_CODES.items())
    sizes: list[tuple[str, tuple[str, int, str], tuple[str, int, str]]] = [
        (
            "INPUTS",
            ("inputs", layer.inputs, "Inputs of a neuron."),
            ("bias_columns", layer.bias_columns, "Columns whose input is always +1."),
        ),
        (
            "NEURONS",
            ("neurons", layer.neurons, "Neurons."),
            ("macros", layer.macros, "Arrays side by side."),
        ),
        (
            "ARRAY",
            ("rows", macro.rows, "Word lines of an array."),
            ("columns", macro.columns, "Bit-line pairs of an array."),
        ),
        (
            "SCAN",
            ("rows_used", layer.rows_used, "Rows of an image: word-line steps."),
            ("strobes", layer.trials, "Strobes of a row: votes of a sign, bits of a count."),
        ),
    ]
    readout = ("kind", READOUT_CODES[layer.readout], f"{codes}.")
    named = _named(index, layer)
    return [
        *(
            _constants(layer_register(index, name), f"{named}: size.", *fields)
            for name, *fields in sizes
        ),
        _constants(layer_register(index, "READOUT"), f"{named}: how a neuron is read.", readout),
    ]


def _phase_times(index: int, layer: LayerConfig) -> list[Register]:
    registers = []
    for name in PHASE_NAMES:
        may_be_0 = name in DEAD_TIME_NAMES and layer.macro.zero_dead_time_allowed
        cycles = Field(
            name="cycles",
            bits=PHASE_BITS,
            access=Access.READ_WRITE,
            reset=getattr(layer.macro.timing, name),
            minimum=0 if may_be_0 else 1,
            doc="Clock cycles.",
        )
        phase = name.removesuffix("_cycles").replace("_", " ")
        doc = f"Layer {index}, `{layer.name}`: length of {phase}, from its next scan on."
        registers.append(Register(name=layer_register(index, name), fields=(cycles,), doc=doc))
    return registers
