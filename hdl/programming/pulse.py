"""One programming pulse, and one read-back: what the array sees comes straight from registers."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import LayerConfig, ProgrammingOperation
from ..idioms import bits_of, unused_states


class PulseDriver(wiring.Component):
    """Gives one pulse: columns and amplitude first, then the pulse, then its hold time.

    Parameters
    ----------
    config : LayerConfig

    Members
    -------
    start : In(1)
        Take the request below. Given only while no pulse is in progress.
    operation, device, level, columns : In
        The pulse asked for; `columns` is a mask of the columns in use.
    idle : Out(1)
        No pulse is in progress.
    done : Out(1)
        Last cycle of the hold time.
    prog_op, prog_device, prog_level, prog_mask, prog_pulse : Out
        As in `config.pins`, from registers; 0 from one cycle after `done` on.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        self.programming = config.macro.programming
        level_bits = self.programming.level_bits
        super().__init__(
            {
                "start": In(1),
                "operation": In(2),
                "device": In(1),
                "level": In(level_bits),
                "columns": In(config.fan_in),
                "idle": Out(1),
                "done": Out(1),
                "prog_op": Out(2),
                "prog_device": Out(1),
                "prog_level": Out(level_bits),
                "prog_mask": Out(config.line_columns),
                "prog_pulse": Out(1),
            }
        )

    def latency(self, operation: ProgrammingOperation) -> int:
        """Cycles from `start` to `done`."""
        return self.programming.pulse_cycles(operation)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        programming = self.programming
        pulses = [operation for operation in ProgrammingOperation if operation]
        lengths = [programming.setup_cycles, programming.hold_cycles]
        lengths += [programming.width_cycles(operation) for operation in pulses]
        remaining = Signal(bits_of(max(lengths) - 1))
        ends = Signal()
        m.d.comb += ends.eq(remaining == 0)
        with m.If(~ends):
            m.d.sync += remaining.eq(remaining - 1)
        held = (self.prog_op, self.prog_device, self.prog_level, self.prog_mask)
        asked = (self.operation, self.device, self.level, self.columns)
        with m.FSM(init="IDLE", name="pulse") as fsm:
            m.d.comb += self.idle.eq(fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                # The pins are 0 already, unless the state register was upset.
                m.d.sync += [pin.eq(0) for pin in (*held, self.prog_pulse)]
                with m.If(self.start):
                    m.d.sync += [pin.eq(value) for pin, value in zip(held, asked, strict=True)]
                    m.d.sync += remaining.eq(programming.setup_cycles - 1)
                    m.next = "SETUP"
            with m.State("SETUP"), m.If(ends):
                with m.Switch(self.prog_op):
                    for operation in pulses:
                        with m.Case(operation):
                            width = programming.width_cycles(operation)
                            m.d.sync += remaining.eq(width - 1)
                m.d.sync += self.prog_pulse.eq(1)
                m.next = "PULSE"
            with m.State("PULSE"), m.If(ends):
                m.d.sync += [self.prog_pulse.eq(0), remaining.eq(programming.hold_cycles - 1)]
                m.next = "HOLD"
            with m.State("HOLD"), m.If(ends):
                m.d.comb += self.done.eq(1)
                m.d.sync += [pin.eq(0) for pin in held]
                m.next = "IDLE"
        return m


class RowReader(wiring.Component):
    """Reads the row whose word line is up with both input polarities, and compares.

    Parameters
    ----------
    config : LayerConfig

    Members
    -------
    start : In(1)
        Begin. Given only while no read-back is in progress.
    right : In(n)
        Columns that are to read +1; stands still until `done`.
    sl_q : In(n)
        Sampled at the end of each polarity.
    idle : Out(1)
        No read-back is in progress.
    done : Out(1)
        Last cycle of the second polarity.
    failing : Out(n)
        Columns whose source line did not equal `right` for input +1, or did not equal its
        complement for input -1; one cycle after `done`, until the next read-back.
    bl, blb : Out(columns)
        From registers: columns in use at +1, then at -1, then 0.
    """

    def __init__(self, config: LayerConfig):
        self.config = config
        columns = config.fan_in
        super().__init__(
            {
                "start": In(1),
                "right": In(columns),
                "sl_q": In(columns),
                "idle": Out(1),
                "done": Out(1),
                "failing": Out(columns),
                "bl": Out(config.line_columns),
                "blb": Out(config.line_columns),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from `start` to `done`."""
        return 2 * self.config.macro.programming.verify_settle_cycles

    def elaborate(self, platform: object) -> Module:
        m = Module()
        columns = self.config.fan_in
        cycles = self.config.macro.programming.verify_settle_cycles
        unused = Const(0, self.config.line_columns - columns)
        plus, minus = Signal(), Signal()
        remaining = Signal(bits_of(cycles - 1))
        ends = Signal()
        m.d.comb += [
            self.bl.eq(Cat(plus.replicate(columns), unused)),
            self.blb.eq(Cat(minus.replicate(columns), unused)),
            ends.eq(remaining == 0),
        ]
        with m.If(~ends):
            m.d.sync += remaining.eq(remaining - 1)
        with m.FSM(init="IDLE", name="read") as fsm:
            m.d.comb += self.idle.eq(fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                # Both are 0 already, unless the state register was upset.
                m.d.sync += [plus.eq(self.start), minus.eq(0)]
                with m.If(self.start):
                    m.d.sync += remaining.eq(cycles - 1)
                    m.next = "PLUS"
            with m.State("PLUS"), m.If(ends):
                m.d.sync += [plus.eq(0), minus.eq(1), remaining.eq(cycles - 1)]
                m.d.sync += self.failing.eq(self.sl_q ^ self.right)
                m.next = "MINUS"
            with m.State("MINUS"), m.If(ends):
                m.d.comb += self.done.eq(1)
                m.d.sync += minus.eq(0)
                m.d.sync += self.failing.eq(self.failing | ~(self.sl_q ^ self.right))
                m.next = "IDLE"
            for unused in unused_states(fsm):
                with m.State(unused):
                    m.next = "IDLE"
        return m
