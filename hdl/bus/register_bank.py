"""The logic of a register map: storage, decoding and answers."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .registers import (
    WORD_BITS,
    WORD_BYTES,
    Access,
    Field,
    Register,
    RegisterMap,
    RegisterModel,
    Response,
)

RESPONSE_BITS = 2


class RegisterBusSignature(wiring.Signature):
    """From a bus endpoint to a register bank; reads and writes go on side by side.

    Members
    -------
    read, write : Out(1)
        For one cycle; the bank answers in the same one.
    read_address, write_address : Out(address_bits - 2)
        Word addresses.
    write_data, write_strobes : Out(32), Out(4)
        Bytes whose strobe is 0 stay as they are.
    read_data : In(32)
    read_response, write_response : In(2)
        A `Response`.
    """

    def __init__(self, address_bits: int):
        words = address_bits - (WORD_BYTES - 1).bit_length()
        super().__init__(
            {
                "read": Out(1),
                "read_address": Out(words),
                "read_data": In(WORD_BITS),
                "read_response": In(RESPONSE_BITS),
                "write": Out(1),
                "write_address": Out(words),
                "write_data": Out(WORD_BITS),
                "write_strobes": Out(WORD_BYTES),
                "write_response": In(RESPONSE_BITS),
            }
        )


def _field_members(port: str, field: Field) -> dict[str, wiring.Member]:
    if field.access is Access.READ_ONLY:
        return {port: In(field.bits, init=field.reset)}
    if field.access is Access.WRITE_1_TO_CLEAR:
        return {port: In(field.bits), f"{port}_kept": Out(field.bits, init=field.reset)}
    if field.access is Access.LOADED:
        load = {f"{port}_load": In(1), f"{port}_found": In(field.bits)}
        return {port: Out(field.bits, init=field.reset), **load}
    return {port: Out(field.bits, init=field.reset)}


class RegisterBank(wiring.Component):
    """All registers of a map.

    Beside each register that a master writes is a bit of parity, written with it. A command goes
    out only where the bank was written in the cycle before, lest an upset of its bit be one.

    Parameters
    ----------
    registers : RegisterMap
        What to build.

    Members
    -------
    bus : In(RegisterBusSignature(...))
        Where reads and writes come from.
    clear : In(1)
        Clears every write-1-to-clear field.
    refused : Out(1)
        In this cycle, a write is refused for its value.
    wrote : Out(1)
        In the cycle before, there was a write.
    upset : Out(1)
        In the cycle before, a register did not have its parity: one of its bits, or the parity, has
        been upset. High until the register is written or loaded again.
    <register>_<field>
        `Register.port` of each field. In for what the hardware drives: the value of a read-only
        field (its reset value where nothing drives it: sizes), the events that set a
        write-1-to-clear field. Out for what it reads: the value of a read-write or loaded field,
        the pulse of a write-1 field; all one cycle after `bus.write`.
    <register>_<field>_load, <register>_<field>_found : In
        Whether a loaded field takes a new value, and which.
    <register>_<field>_kept : Out
        The value of a write-1-to-clear field, one cycle after the event or the write.

    ``bank[field]``, ``bank.kept(field)`` and ``bank.load(field)`` give the same by the field of the
    map; a field of another map is a KeyError.
    """

    def __init__(self, registers: RegisterMap):
        self.registers = registers
        self._ports = {
            field: register.port(field) for _, register in registers for field in register.fields
        }
        members: dict[str, wiring.Member] = {}
        for field, port in self._ports.items():
            members |= _field_members(port, field)
        bus = In(RegisterBusSignature(registers.address_bits))
        super().__init__(
            {"bus": bus, "clear": In(1), "refused": Out(1), "wrote": Out(1), "upset": Out(1)}
            | members
        )

    def __getitem__(self, field: Field) -> Signal:
        """``<register>_<field>``."""
        return getattr(self, self._ports[field])

    def kept(self, field: Field) -> Signal:
        """``<register>_<field>_kept``."""
        return getattr(self, f"{self._ports[field]}_kept")

    def load(self, field: Field) -> tuple[Signal, Signal]:
        """``<register>_<field>_load`` and ``<register>_<field>_found``."""
        port = self._ports[field]
        return getattr(self, f"{port}_load"), getattr(self, f"{port}_found")

    @property
    def latency(self) -> int:
        """Cycles from `bus.write` to what it changes; reads are answered at once."""
        return 1

    def model(self) -> RegisterModel:
        """A model of the registers, as after reset."""
        return RegisterModel(self.registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bus = self.bus
        mask = Cat(strobe.replicate(8) for strobe in bus.write_strobes)
        written = Signal(WORD_BITS)
        m.d.comb += [
            written.eq(bus.write_data & mask),
            bus.read_response.eq(Response.DECERR),
            bus.write_response.eq(Response.DECERR),
        ]
        m.d.sync += self.wrote.eq(bus.write)
        words, upsets = {}, []
        for address, register in self.registers:
            selected = Signal(name=f"{register.name.lower()}_written")
            word = Signal(WORD_BITS, name=f"{register.name.lower()}_read_word")
            merged = (word & ~mask) | written
            at = bus.write_address == address // WORD_BYTES
            fits = self._fits(m, register, merged)
            m.d.comb += selected.eq(bus.write & at & fits)
            values = []
            for lowest, field in register.placed_fields:
                place = slice(lowest, lowest + field.bits)
                if field.access is Access.WRITE_1:
                    values.append(self._command(m, field, selected, written[place]))
                else:
                    values.append(self._field(m, field, selected, merged[place], written[place]))
            m.d.comb += word.eq(Cat(values))
            words[register.name] = word
            self._answer_write(m, register, at, fits)
            if register.kept_mask:
                upsets.append(self._has_wrong_parity(m, register, selected, word))
        m.d.sync += self.upset.eq(Cat(upsets).any())
        self._copy(m, words)
        with m.Switch(bus.read_address):
            for address, register in self.registers:
                with m.Case(address // WORD_BYTES):
                    m.d.comb += bus.read_data.eq(words[register.name])
                    m.d.comb += bus.read_response.eq(Response.OKAY)
        return m

    @staticmethod
    def _fits(m: Module, register: Register, merged: Value) -> Value:
        """Whether what a write makes of the register is within its range."""
        field = register.fields[0]
        if field.minimum is None:
            return Const(1)
        fits = Signal(name=f"{register.name.lower()}_fits")
        value, above = merged[: field.bits], merged[field.bits :]
        m.d.comb += fits.eq(~above.any())
        # No comparison with 0, which always holds. Not 0 rather than at least 1: a tree of gates,
        # where a comparison is a carry chain.
        if field.minimum:
            enough = value.any() if field.minimum == 1 else value >= field.minimum
            m.d.comb += fits.eq(enough & ~above.any())
        return fits

    def _field(
        self, m: Module, field: Field, selected: Signal, merged: Value, written: Value
    ) -> Value:
        """Add what a field keeps; gives what it reads as.

        A write that is `selected` makes `merged` of it; `written` are the bits of bytes written.
        """
        port = self[field]
        if field.access in (Access.READ_WRITE, Access.LOADED):
            with m.If(selected):
                m.d.sync += port.eq(merged)
            if field.access is Access.LOADED:
                load, found = self.load(field)
                with m.If(load):
                    m.d.sync += port.eq(found)
        elif field.access is Access.WRITE_1_TO_CLEAR:
            kept = self.kept(field)
            cleared = Mux(selected, written, 0)
            m.d.sync += kept.eq(Mux(self.clear, field.reset, (kept & ~cleared) | port))
            return kept
        return port

    def _command(self, m: Module, field: Field, selected: Signal, written: Value) -> Value:
        """Add a command's pulse; gives what it reads as."""
        pulse = Signal(field.bits, name=f"{self._ports[field]}_pulse")
        m.d.sync += pulse.eq(Mux(selected, written, 0))
        m.d.comb += self[field].eq(pulse & self.wrote.replicate(field.bits))
        return Const(0, field.bits)

    def _has_wrong_parity(
        self, m: Module, register: Register, selected: Signal, word: Signal
    ) -> Value:
        """Keep a register's parity; gives whether it is wrong now."""
        name, mask = register.name.lower(), register.kept_mask
        # Odd: of a single bit it is the complement, which no synthesis takes for the same register.
        parity = Signal(name=f"{name}_parity", init=~(register.reset & mask).bit_count() & 1)
        held = Signal(WORD_BYTES, name=f"{name}_held_parity")
        following = []
        for byte, strobe in enumerate(self.bus.write_strobes):
            place = slice(8 * byte, 8 * byte + 8)
            kept = Const(mask >> 8 * byte & 0xFF, 8)
            m.d.comb += held[byte].eq((word[place] & kept).xor())
            given = (self.bus.write_data[place] & kept).xor()
            following.append(Mux(strobe, given, held[byte]))
        with m.If(selected):
            m.d.sync += parity.eq(~Cat(following).xor())
        for field in register.fields:
            if field.access is Access.LOADED:
                load, found = self.load(field)
                with m.If(load):
                    m.d.sync += parity.eq(~found.xor())
        return ~(held.xor() ^ parity)

    def _answer_write(self, m: Module, register: Register, at: Value, fits: Value) -> None:
        with m.If(at):
            if not register.writable:
                m.d.comb += self.bus.write_response.eq(Response.SLVERR)
            else:
                m.d.comb += [
                    self.bus.write_response.eq(Mux(fits, Response.OKAY, Response.SLVERR)),
                    self.refused.eq(self.bus.write & ~fits),
                ]

    def _copy(self, m: Module, words: dict[str, Signal]) -> None:
        """Have the copied registers read as their copies."""
        for address, register in self.registers:
            if register.latches:
                copy = Signal(WORD_BITS, name=f"{register.latches.lower()}_copy")
                at = self.bus.read_address == address // WORD_BYTES
                with m.If(self.bus.read & at):
                    m.d.sync += copy.eq(words[register.latches])
                words[register.latches] = copy
