"""What the simulated top has besides, where the controller programs its macros.

While the testbench's input `programming` is 1, Python sees the pins of every macro and answers
their read-back; else they must not move, and `array_replay` answers.
"""

from __future__ import annotations

from ..flow.verilog import Port
from ..hdl.array_pins import ArraySignature
from ..hdl.config import STREAM_BITS, LayerConfig, NetworkConfig
from ..hdl.control_registers import control_registers
from ..hdl.programming_pulse import programming_members
from .testbench_text import TestbenchText

LINE_BITS = 16
"""Of a word line's number, as `array_replay` takes it."""
DRIVERS = ("prog_op", "prog_pulse")
"""Pins that are 0 unless a program driver is at work."""
PROGRAMMING_PINS = tuple(programming_members(1, 1))


def longest_packet(config: NetworkConfig) -> int:
    """Beats of the longest packet: layer, header, weights."""
    return 2 + max(-(-layer.fan_in // STREAM_BITS) for layer in config.layers)


def observed_pins(layer: LayerConfig) -> list[str]:
    """The pins of a macro that Python sees in programming, the highest bits first."""
    inward = ("sense_p", "sense_n", "sl_q")
    return [pin for pin in ArraySignature.of_layer(layer).members if pin not in inward]


def add_host(text: TestbenchText, config: NetworkConfig) -> None:
    """Ports and modules of the host: control bus, stream of weights, interrupt."""
    address_bits = control_registers(config).address_bits
    beats = longest_packet(config)
    for direction, width, name in (
        ("input", 1, "programming"), ("output", 1, "irq_raised"),
        ("input", beats * STREAM_BITS, "packet"), ("input", 32, "packet_beats"),
        ("input", 1, "packet_offered"), ("output", 1, "packet_taken"),
        ("input", 1, "bus_asked"), ("input", 1, "bus_writes"),
        ("input", address_bits, "bus_address"), ("input", 32, "bus_data"),
        ("output", 1, "bus_answered"), ("output", 32, "bus_read_data"),
        ("output", 2, "bus_response"),
    ):  # fmt: skip
        text.port(direction, width, name)
    text.body.append(f"""
  // In programming nothing is replayed and no scan is timed.
  logic held;
  assign held = rst || programming;
  assign irq_raised = irq;
  packet_source #(.BEATS({beats}), .WIDTH({STREAM_BITS})) weight_source (
    .clk, .rst, .packet, .beats(packet_beats), .offered(packet_offered), .taken(packet_taken),
    .tdata(w_axis_tdata), .tvalid(w_axis_tvalid), .tlast(w_axis_tlast), .tready(w_axis_tready)
  );
  logic bus_ready;
  bus_master #(.ADDRESS({address_bits})) master (
    .clk, .rst, .asked(bus_asked), .writes(bus_writes), .address(bus_address), .data(bus_data),
    .answered(bus_answered), .read_data(bus_read_data), .response(bus_response),
    .awvalid(s_axil_awvalid), .wvalid(s_axil_wvalid), .arvalid(s_axil_arvalid), .ready(bus_ready),
    .awready(s_axil_awready), .wready(s_axil_wready), .arready(s_axil_arready),
    .bvalid(s_axil_bvalid), .rvalid(s_axil_rvalid), .bresp(s_axil_bresp), .rresp(s_axil_rresp),
    .rdata(s_axil_rdata)
  );
  assign s_axil_awaddr = bus_address;
  assign s_axil_araddr = bus_address;
  assign s_axil_awprot = '0;
  assign s_axil_arprot = '0;
  assign s_axil_wdata = bus_data;
  assign s_axil_wstrb = '1;
  assign s_axil_bready = bus_ready;
  assign s_axil_rready = bus_ready;""")


def add_read_back(text: TestbenchText, layer: LayerConfig, pins: list[Port]) -> None:
    """The pins of each macro to Python in programming, and the answers of its source lines.

    An answer reaches the controller in the last cycle of a polarity only.
    """
    widths = {port.name: port.width for port in pins}
    settle = layer.macro.programming.verify_settle_cycles
    for macro in layer.macro_names:
        name = f"{layer.name}_{macro}"
        seen = [f"{name}__{pin}" for pin in observed_pins(layer)]
        text.port("output", sum(widths[pin] for pin in seen), f"{name}_seen")
        text.port("input", layer.columns, f"{name}_read_back")
        text.body.append(f"""
  assign {name}_seen = programming ? {{{", ".join(seen)}}} : '0;
  logic [31:0] {name}_driven;
  logic {name}_was_bl, {name}_settled;
  always_ff @(posedge clk) begin
    {name}_was_bl <= {name}__bl[0];
    if (rst || !({name}__bl[0] || {name}__blb[0])) {name}_driven <= 0;
    else {name}_driven <= {name}__bl[0] == {name}_was_bl ? {name}_driven + 1 : 1;
  end
  assign {name}_settled = programming &&
      ({name}__bl[0] == {name}_was_bl ? {name}_driven : 0) == {settle - 1};
  assign {name}__sl_q = {name}_settled ? {name}_read_back : ~{name}_read_back;""")


def add_driver_check(text: TestbenchText, layer: LayerConfig) -> None:
    """No program driver is on in inference."""
    name = layer.name
    drivers = [f"|{name}_{macro}__{pin}" for macro in layer.macro_names for pin in DRIVERS]
    text.body.append(f"""
  logic {name}_program_driver_on;
  always_ff @(posedge clk)
    if (held) {name}_program_driver_on <= 0;
    else if ({" || ".join(drivers)}) {name}_program_driver_on <= 1;""")
