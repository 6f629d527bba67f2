"""The registers of a layer: its sizes, the lengths of its phases, its programming, its trims."""

from ..bus.registers import HALF_BITS, Access, Field, Register
from ..config import DEAD_TIME_NAMES, PHASE_BITS, PHASE_NAMES, LayerConfig, Readout
from ..programming.registers import ProgrammingRegisters

READOUT_CODES = {Readout.SIGN: 0, Readout.COUNT: 1}


def layer_register(index: int, name: str) -> str:
    """The name of a register in a layer's block. Layers go by number: names could differ in case
    only, or look like another register's."""
    return f"LAYER{index}_{name.upper()}"


def trim_register(index: int, macro: int) -> str:
    """The name of the register of a macro's trim."""
    return layer_register(index, f"trim{macro}")


def constants(
    name: str, doc: str, *fields: tuple[str, int, str], bits: int = HALF_BITS
) -> Register:
    """A register of what the configuration fixes: (field, value, meaning), `bits` for each."""
    return Register(
        name=name,
        doc=doc,
        fields=tuple(
            Field(name=field, bits=bits, access=Access.READ_ONLY, reset=value, doc=meaning)
            for field, value, meaning in fields
        ),
    )


class LayerRegisters:
    """The registers of one layer.

    Parameters
    ----------
    index : int
        The layer's number.
    layer : LayerConfig

    Members
    -------
    phases : dict of str to Register
        Name in `PHASE_NAMES` to the register of the phase's length.
    programming : ProgrammingRegisters or None
        None without programmable macros.
    trims : list of Register
        Of each macro; none without a trim. They have a block of their own.
    registers : tuple of Register
        The layer's block.
    """

    def __init__(self, index: int, layer: LayerConfig):
        self.index = index
        self.layer = layer
        self.named = f"Layer {index}, `{layer.name}`"
        self.phases = {name: self._phase(name) for name in PHASE_NAMES}
        self.programming = None
        trimmed = layer.macros if layer.trim_bits_in_use else 0
        self.trims = [self._trim(macro) for macro in range(trimmed)]
        self.registers = (*self._geometry(), *self.phases.values())
        if layer.macro.programmable:
            self.programming = ProgrammingRegisters(layer_register(index, ""), self.named, layer)
            self.registers += self.programming.registers

    def _geometry(self) -> list[Register]:
        layer, macro = self.layer, self.layer.macro
        kinds = ", ".join(f"{code} {kind.value}" for kind, code in READOUT_CODES.items())
        strobes = "Strobes of a row: votes of a sign, bits of a count."
        sizes = {
            "INPUTS": (
                ("inputs", layer.inputs, "Inputs of a neuron."),
                ("bias_columns", layer.bias_columns, "Columns whose input is always +1."),
            ),
            "NEURONS": (
                ("neurons", layer.neurons, "Neurons."),
                ("macros", layer.macros, "Arrays side by side."),
            ),
            "ARRAY": (
                ("rows", macro.rows, "Word lines of an array."),
                ("columns", macro.columns, "Bit-line pairs of an array."),
            ),
            "SCAN": (
                ("rows_used", layer.rows_used, "Rows of an image: word-line steps."),
                ("strobes", layer.trials, strobes),
            ),
            "READOUT": (("kind", READOUT_CODES[layer.readout], f"{kinds}."),),
        }
        docs = dict.fromkeys(sizes, "size") | {"READOUT": "how a neuron is read"}
        return [
            constants(layer_register(self.index, name), f"{self.named}: {docs[name]}.", *fields)
            for name, fields in sizes.items()
        ]

    def _phase(self, name: str) -> Register:
        may_be_0 = name in DEAD_TIME_NAMES and self.layer.macro.zero_dead_time_allowed
        cycles = Field(
            name="cycles",
            bits=PHASE_BITS,
            access=Access.READ_WRITE,
            reset=getattr(self.layer.macro.timing, name),
            minimum=0 if may_be_0 else 1,
            doc="Clock cycles.",
        )
        phase = name.removesuffix("_cycles").replace("_", " ")
        doc = f"{self.named}: length of {phase}, from its next scan on."
        return Register(name=layer_register(self.index, name), fields=(cycles,), doc=doc)

    def _trim(self, macro: int) -> Register:
        trim = Field(
            name="trim",
            bits=self.layer.trim_bits_in_use + 1,
            access=Access.LOADED,
            doc="Added to every score, score units in two's complement: after a calibration the "
            "offset measured, rounded towards 0. A soft reset leaves it.",
        )
        doc = f"{self.named}: trim of macro {macro}, from its next row on."
        return Register(name=trim_register(self.index, macro), fields=(trim,), doc=doc)
