"""Registers as data: fields, registers, and the map that gives them addresses.

Free of Amaranth. The logic (`register_bank`), the model and every document are made from the map.
"""

import enum
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

WORD_BITS = 32
"""Width of a register and of the bus."""
WORD_BYTES = WORD_BITS // 8
HALF_BITS = WORD_BITS // 2
"""Width of a size or of a place: none is beyond `config.WIDEST_BUS`."""
SMALLEST_ADDRESS_BITS = 12
"""AXI gives a peripheral 4 KiB at least: no transfer crosses such a boundary [AMBA AXI, A3.4.1]."""


class Access(enum.Enum):
    """What a bus master can do with a field."""

    READ_ONLY = "read-only"
    """From the hardware; writes leave it alone."""
    READ_WRITE = "read-write"
    LOADED = "read-write, loaded"
    """As read-write, and the hardware can load it; that goes before a write in the same cycle."""
    WRITE_1 = "write-1"
    """A 1 written is a pulse of one cycle; reads as 0."""
    WRITE_1_TO_CLEAR = "write-1-to-clear"
    """Set by the hardware, kept until a 1 is written; an event in that very cycle sets it again."""


class Response(enum.IntEnum):
    """The answers of AXI4-Lite that are in use."""

    OKAY = 0
    SLVERR = 2
    """Refused: the register is read-only, or the value out of its range."""
    DECERR = 3
    """There is no register at this address."""


def _require_name(kind: str, name: str, pattern: str) -> None:
    if not re.fullmatch(pattern, name):
        raise ValueError(f"{kind}: found {name!r}, expected a name that matches {pattern}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """Some bits of a register. Fields are told apart by identity: registers may have equal ones."""

    name: str
    bits: int
    access: Access
    reset: int = 0
    """Value after reset. What the hardware drives to a read-only field may differ later."""
    minimum: int | None = None
    """If given, the range is checked: a write that makes the field smaller, or sets any bit above
    the field, is refused as a whole."""
    doc: str

    def __post_init__(self) -> None:
        _require_name("field", self.name, "[a-z][a-z0-9_]*")
        if not 1 <= self.bits <= WORD_BITS:
            raise ValueError(f"{self.name}: found {self.bits} bits, expected 1 to {WORD_BITS}")
        if not 0 <= self.reset < 1 << self.bits:
            raise ValueError(f"{self.name}: found reset {self.reset}, expected {self.bits} bits")
        if self.minimum is not None and not (
            self.access is Access.READ_WRITE and 0 <= self.minimum <= self.reset
        ):
            raise ValueError(
                f"{self.name}: found minimum {self.minimum}, expected 0 to {self.reset} "
                "in a read-write field"
            )

    @property
    def mask(self) -> int:
        """The field's bits, at bit 0."""
        return (1 << self.bits) - 1


@dataclass(frozen=True, kw_only=True)
class Register:
    """Fields from bit 0 up, one after the other; what is above them reads as 0."""

    name: str
    fields: tuple[Field, ...]
    doc: str
    latches: str = ""
    """A register that is copied when this one is read; reading that one gives the copy."""

    def __post_init__(self) -> None:
        _require_name("register", self.name, "[A-Z][A-Z0-9_]*")
        names = [field.name for field in self.fields]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{self.name}: found fields {names}, expected at least one, each once")
        bits = sum(field.bits for field in self.fields)
        if bits > WORD_BITS:
            raise ValueError(f"{self.name}: found {bits} bits, expected at most {WORD_BITS}")
        if len(names) > 1 and any(field.minimum is not None for field in self.fields):
            raise ValueError(f"{self.name}: found fields {names}, expected one: its range counts")
        if len(names) > 1 and any(field.access is Access.LOADED for field in self.fields):
            raise ValueError(f"{self.name}: found fields {names}, expected one: it is loaded")

    @property
    def field(self) -> Field:
        """The only one, of a register of one field."""
        (field,) = self.fields
        return field

    @property
    def placed_fields(self) -> Iterator[tuple[int, Field]]:
        """Each field with its lowest bit."""
        lowest = 0
        for field in self.fields:
            yield lowest, field
            lowest += field.bits

    @property
    def reset(self) -> int:
        """What it reads as after reset."""
        return sum(field.reset << lowest for lowest, field in self.placed_fields)

    @property
    def writable(self) -> bool:
        """Whether a write does anything."""
        return any(field.access is not Access.READ_ONLY for field in self.fields)

    @property
    def kept_mask(self) -> int:
        """The bits that stay what a master, or a load, made of them: the configuration."""
        kept = (Access.READ_WRITE, Access.LOADED)
        return sum(
            field.mask << lowest for lowest, field in self.placed_fields if field.access in kept
        )

    def port(self, field: Field) -> str:
        """What the register bank calls the field's port."""
        return f"{self.name.lower()}_{field.name}"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Registers at successive word addresses."""

    name: str
    offset: int
    """Byte address of the first one."""
    registers: tuple[Register, ...]

    @property
    def end(self) -> int:
        """Byte address after the last one."""
        return self.offset + WORD_BYTES * len(self.registers)


@dataclass(frozen=True)
class RegisterMap:
    """Blocks in the order of their addresses.

    ``for address, register in map`` goes through all registers; ``map["CONTROL"]`` is a register,
    ``map.address("CONTROL")`` its byte address.
    """

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        end = 0
        for block in self.blocks:
            if block.offset < end or block.offset % WORD_BYTES:
                raise ValueError(
                    f"{block.name}: found offset {block.offset:#x}, expected a multiple of "
                    f"{WORD_BYTES} of at least {end:#x}"
                )
            end = block.end
        names = [register.name for _, register in self]
        if len(set(names)) < len(names):
            raise ValueError(f"registers: found {names}, expected each name once")
        for _, register in self:
            if register.latches and register.latches not in names:
                raise ValueError(f"{register.name}: found no {register.latches} to copy")

    def __iter__(self) -> Iterator[tuple[int, Register]]:
        for block in self.blocks:
            for index, register in enumerate(block.registers):
                yield block.offset + WORD_BYTES * index, register

    @functools.cached_property
    def _by_name(self) -> dict[str, tuple[int, Register]]:
        return {register.name: (address, register) for address, register in self}

    def __getitem__(self, name: str) -> Register:
        return self._by_name[name][1]

    def address(self, name: str) -> int:
        """Byte address of a register."""
        return self._by_name[name][0]

    def field(self, register: str, field: str) -> tuple[int, Field]:
        """A field of a register, and its lowest bit."""
        return next(placed for placed in self[register].placed_fields if placed[1].name == field)

    @property
    def address_bits(self) -> int:
        """Width of a byte address."""
        return max(SMALLEST_ADDRESS_BITS, (self.blocks[-1].end - 1).bit_length())


class RegisterModel:
    """What every read and write of a map's registers gives, bit by bit.

    Members
    -------
    values : dict of (register name, field name) to int
        What the fields hold; a test sets the read-only ones as the hardware drives them.
    pulses : set of (register name, field name)
        Write-1 fields that the last write set.
    """

    def __init__(self, registers: RegisterMap):
        self._at = dict(registers)
        self._copied = {register.latches: 0 for _, register in registers if register.latches}
        self._named = {register.name: register for _, register in registers}
        self.pulses: set[tuple[str, str]] = set()
        self.values = {
            (register.name, field.name): field.reset
            for _, register in registers
            for field in register.fields
        }

    def _word(self, register: Register) -> int:
        return sum(
            self.values[register.name, field.name] << lowest
            for lowest, field in register.placed_fields
            if field.access is not Access.WRITE_1
        )

    def read(self, address: int) -> tuple[int, Response]:
        """The data and the answer of a read; the lowest two bits of the address do not count."""
        register = self._at.get(address & -WORD_BYTES)
        if register is None:
            return 0, Response.DECERR
        if register.latches:
            self._copied[register.latches] = self._word(self._named[register.latches])
        return self._copied.get(register.name, self._word(register)), Response.OKAY

    def write(self, address: int, data: int, strobes: int = (1 << WORD_BYTES) - 1) -> Response:
        """The answer of a write of the bytes whose bit in `strobes` is 1."""
        self.pulses = set()
        register = self._at.get(address & -WORD_BYTES)
        if register is None:
            return Response.DECERR
        if not register.writable:
            return Response.SLVERR
        mask = sum(0xFF << 8 * byte for byte in range(WORD_BYTES) if strobes >> byte & 1)
        written = data & mask
        merged = self._word(register) & ~mask | written
        for lowest, field in register.placed_fields:
            if field.minimum is not None and not field.minimum <= merged <= field.mask:
                return Response.SLVERR
            key = (register.name, field.name)
            if field.access in (Access.READ_WRITE, Access.LOADED):
                self.values[key] = merged >> lowest & field.mask
            elif field.access is Access.WRITE_1_TO_CLEAR:
                self.values[key] &= ~(written >> lowest)
            elif field.access is Access.WRITE_1 and written >> lowest & field.mask:
                self.pulses.add(key)
        return Response.OKAY
