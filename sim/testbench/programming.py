"""What the simulated top has besides, where the controller programs its macros.

While the testbench's input `programming` is 1, Python sees the pins of each layer's macro at work
and answers its read-back; else these pins must not move, and `array_replay` answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from amaranth.hdl import Shape

from ...hdl.array_pins import ArraySignature
from ...hdl.config import STREAM_BITS, LayerConfig, NetworkConfig
from ...hdl.config.pins import PINS, PinGroup
from ...hdl.controller.control_registers import control_registers
from .text import TestbenchText

LINE_BITS = 16
"""Of a word line's number, as `array_replay` takes it."""
DRIVERS = ("prog_op", "prog_pulse")
PROGRAMMING_PINS = tuple(pin.name for pin in PINS if pin.group is PinGroup.PROGRAMMING)
COLUMN_PINS = ("prog_mask", "bl", "blb")
"""Pins that are as wide as an array, as in `<layer>_pins_of_columns`, the highest bits first."""


def packet_beats(layer: LayerConfig) -> int:
    """Beats of a layer's packet: layer, header, weights."""
    return 2 + -(-layer.fan_in // STREAM_BITS)


def add_host(text: TestbenchText, config: NetworkConfig) -> None:
    """Ports and modules of the host: control bus, stream of weights, interrupt."""
    address_bits = control_registers(config).address_bits
    beats = max(map(packet_beats, config.layers))
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
  logic in_programming, held;
  always_ff @(posedge clk) in_programming <= programming;
  assign held = rst || in_programming;
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


def steps_of(layer: LayerConfig) -> dict[str, int]:
    """Width of each pin of `<layer>_steps`, the highest bits first."""
    members = ArraySignature.of_layer(layer).members
    widths = {pin: Shape.cast(member.shape).width for pin, member in members.items()}
    unseen = ("sense_p", "sense_n", "sl_q", *COLUMN_PINS)
    return {pin: width for pin, width in widths.items() if pin not in unseen}


def add_read_back(text: TestbenchText, layer: LayerConfig) -> None:
    """The pins of the macro at work to Python in programming, and the answers of its source lines.

    It is the one with a word line up or a program driver on, until another one is; the others must
    not move. `<layer>_columns_moved` changes with the pins of columns, which are slow to read. An
    answer reaches the controller in the last cycle of a polarity only.
    """
    name, macros = layer.name, layer.macro_names
    settle = layer.macro.programming.verify_settle_cycles
    index_bits = max(1, (layer.macros - 1).bit_length())
    steps = steps_of(layer)
    columns = len(COLUMN_PINS) * layer.line_columns
    for direction, width, port in (
        ("output", sum(steps.values()) + index_bits + 1, "steps"),
        ("output", columns, "pins_of_columns"),
        ("output", 1, "strayed"),
        ("input", layer.line_columns, "read_back"),
    ):  # fmt: skip
        text.port(direction, width, f"{name}_{port}")

    def listed(macro: str, pins: Iterable[str]) -> str:
        return ", ".join(f"{name}_{macro}__{pin}" for pin in pins)

    def chosen(target: str, pins: Iterable[str]) -> str:
        pins = tuple(pins)
        cases = "".join(
            f"\n        {index}: {target} = {{{listed(macro, pins)}}};"
            for index, macro in enumerate(macros[:-1])
        )
        last = f"\n        default: {target} = {{{listed(macros[-1], pins)}}};"
        return f"case ({name}_at_work){cases}{last}\n      endcase"

    begun = "".join(
        f"\n    if (|{{{listed(macro, ('wl', *DRIVERS))}}}) {name}_at_work = {index};"
        for index, macro in enumerate(macros)
    )
    strays = " ||\n        ".join(
        f"({name}_at_work != {index} && (|{{{listed(macro, steps)}}} ||"
        f" {name}_columns_move && |{{{listed(macro, COLUMN_PINS)}}}))"
        for index, macro in enumerate(macros)
    )
    answers = "".join(
        f"\n  assign {name}_{macro}__sl_q = "
        f"{name}_settled && {name}_at_work == {index} ? {name}_answer : ~{name}_answer;"
        for index, macro in enumerate(macros)
    )
    text.body.append(f"""
  logic [{index_bits - 1}:0] {name}_at_work, {name}_was_at_work;
  logic [{sum(steps.values()) - 1}:0] {name}_other_pins;
  logic [{columns - 1}:0] {name}_were_of_columns;
  logic {name}_columns_move, {name}_columns_moved, {name}_had_moved, {name}_settled;
  logic [31:0] {name}_driven;
  logic [1:0] {name}_polarity, {name}_was_polarity;
  logic [{layer.line_columns - 1}:0] {name}_answer;
  always_comb begin
    {name}_at_work = {name}_was_at_work;{begun}
  end
  always_comb begin
    {name}_other_pins = '0;
    if (in_programming)
      {chosen(f"{name}_other_pins", steps)}
  end
  always_comb begin
    {name}_pins_of_columns = '0;
    if (in_programming)
      {chosen(f"{name}_pins_of_columns", COLUMN_PINS)}
  end
  assign {name}_columns_move = {name}_pins_of_columns != {name}_were_of_columns;
  assign {name}_columns_moved = {name}_had_moved ^ {name}_columns_move;
  assign {name}_steps = {{{name}_other_pins, {name}_at_work, {name}_columns_moved}};
  // Column 0 of bl and of blb: all columns in use are alike, or Python fails.
  assign {name}_polarity = {{{name}_pins_of_columns[{layer.line_columns}],
      {name}_pins_of_columns[0]}};
  assign {name}_settled = in_programming && {name}_polarity != 0 &&
      ({name}_polarity == {name}_was_polarity ? {name}_driven : 0) == {settle - 1};{answers}
  // Python answers between a rising edge and the falling one.
  always_ff @(negedge clk) {name}_answer <= {name}_read_back;
  always_ff @(posedge clk) begin
    {name}_was_at_work <= rst ? '0 : {name}_at_work;
    {name}_were_of_columns <= {name}_pins_of_columns;
    {name}_had_moved <= !rst && {name}_columns_moved;
    {name}_was_polarity <= {name}_polarity;
    if (rst || {name}_polarity == 0) {name}_driven <= 0;
    else {name}_driven <= {name}_polarity == {name}_was_polarity ? {name}_driven + 1 : 1;
    if (rst) {name}_strayed <= 0;
    else if (in_programming && (
        {strays})) {name}_strayed <= 1;
  end""")


def add_driver_check(text: TestbenchText, layer: LayerConfig) -> None:
    """No program driver is on in inference."""
    name = layer.name
    drivers = [f"|{name}_{macro}__{pin}" for macro in layer.macro_names for pin in DRIVERS]
    text.body.append(f"""
  logic {name}_program_driver_on;
  always_ff @(posedge clk)
    if (held) {name}_program_driver_on <= 0;
    else if ({" || ".join(drivers)}) {name}_program_driver_on <= 1;""")
