"""Proof that counters and timers count, from whatever value: simulations reach small ones only.

One step of the clock from an arbitrary state, by SAT, in the controller's own Verilog: nothing is
assumed of the state, so that what holds for one step holds for ever.
"""

from collections.abc import Iterator

from ...hdl.bus.registers import WORD_BITS, WORD_BYTES
from ...hdl.config import NetworkConfig
from ...hdl.controller.control_registers import ControlRegisters, control_registers
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.network import PROGRAMMING_COUNTERS
from ..emit.controller import CONTROLLER
from ..tools.yosys import yosys_texts
from .timers import timer_assertions

_SIGNALS = {"UNRESOLVED_DECISIONS": "status__unresolved", "DROPPED_FRAMES": "status__dropped"}
"""Counters that are ports as well; the others are called as their registers."""
_OF_ROWS = ("pulses", "retries", "failed_cells")
"""Counters of programming that the rows' programmer counts itself."""
_SCRIPT = f"""
read_verilog -formal -sv controller.v
hierarchy -check -top {CONTROLLER}
proc
flatten
chformal -lower
setattr -unset init w:*
opt_clean
tee -o status.txt sat -seq 2 -prove-skip 1 -prove-asserts t:$assert %ci*
"""


def counter_assertions(config: NetworkConfig) -> str:
    """Verilog for the inside of a controller's flat module: how counters go on, and are read.

    After a reset, soft or not, a counter is 0. Else the clock cycles go up by one, and what counts
    events by those seen in the cycle before, up to its largest value. A read gives the register;
    one of CYCLES_LOW copies the upper half to CYCLES_HIGH. Counters of programming never go down,
    and up by no more than an event adds.
    """
    counters = ControlRegisters(config).counters
    signals = {name: _SIGNALS.get(name, name.lower()) for name in counters}
    programming = list(_programming_counters(config))
    words = signals | {name: signal for name, signal, _ in programming}
    words["CYCLES_LOW"] = f"cycles[{WORD_BITS - 1}:0]"
    words["CYCLES_HIGH"] = r"\registers.cycles_high_copy "
    lines = [
        r"wire restarts = rst | (\registers.control_soft_reset_pulse & \registers.wrote );",
        "reg [63:0] cycles_due;",
        "reg [31:0] copy_due;",
        "always @(posedge clk) cycles_due <= restarts ? 0 : cycles + 1;",
        "always @* assert (cycles == cycles_due);",
        f"wire copies = {_reads(config, 'CYCLES_LOW')};",
        "always @(posedge clk)",
        f"  copy_due <= rst ? 0 : copies ? cycles[63:32] : {words['CYCLES_HIGH']};",
        f"always @* assert ({words['CYCLES_HIGH']} == copy_due);",
        r"reg read_due; always @(posedge clk) read_due <= \axi_lite.bus__read & ~rst;",
        "reg [31:0] data_due;",
        "reg counter_due;",
        "always @(posedge clk) begin",
        "  counter_due <= 1;",
    ]
    for name, word in words.items():
        lines.append(f"  if ({_reads(config, name)}) data_due <= {word}; else")
    lines += [
        "  counter_due <= 0;",
        "end",
        "always @* if (read_due & counter_due) assert (s_axil_rdata == data_due);",
    ]
    for signal in signals.values():
        total = f"{{1'b0, {signal}}} + {signal}_seen"
        lines += [
            f"wire [32:0] {signal}_sum = {total};",
            f"reg [31:0] {signal}_due;",
            f"always @(posedge clk) {signal}_due <=",
            f"  restarts ? 0 : {signal}_sum[32] ? 32'hffffffff : {signal}_sum[31:0];",
            f"always @* assert ({signal} == {signal}_due);",
        ]
    lines.append("reg restarted; always @(posedge clk) restarted <= restarts;")
    for name, signal, most in programming:
        before = f"{name.lower()}_before"
        lines += [
            f"reg [31:0] {before}; always @(posedge clk) {before} <= {signal};",
            f"always @* if (~restarted) assert ({signal} >= {before});",
            f"always @* if (~restarted) assert ({signal} - {before} <= {most});",
        ]
    return "\n".join(lines) + "\n"


def _programming_counters(config: NetworkConfig) -> Iterator[tuple[str, str, int]]:
    """Each counter of programming: its register, its signal, the most that a cycle adds."""
    for index, layer in enumerate(config.layers):
        for name in PROGRAMMING_COUNTERS if layer.macro.programmable else ():
            inner = f"_rows.{name}" if name in _OF_ROWS else f"__{name}"
            most = layer.fan_in if name == "failed_cells" else 1
            yield layer_register(index, name), rf"\programmer.{layer.name}{inner} ", most


def _reads(config: NetworkConfig, name: str) -> str:
    """Whether the bank reads a register in this cycle."""
    word = control_registers(config).address(name) // WORD_BYTES
    return rf"(\axi_lite.bus__read & \axi_lite.bus__read_address == {word})"


def counters_count(config: NetworkConfig, source: str) -> bool:
    """Whether a flat controller's Verilog, as `netlist_faults.with_faults` gives it, is proven so.

    That is `counter_assertions` and `timer_assertions`; raises what `yosys_texts` does.
    """
    body, ending, _ = source.rpartition("endmodule")
    text = f"{body}{counter_assertions(config)}{timer_assertions(config)}{ending}\n"
    (status,) = yosys_texts(_SCRIPT, {"controller.v": text}, ["status.txt"])
    return "SUCCESS!" in status
