"""The simulated top: the controller, its clock, stream ends, meters, and the arrays' side.

Two kinds of array side exist. In bulk mode `array_replay` answers for each array from outcomes that
Python computed for the whole image, and checks the pins. In strict mode the arrays' pins are the
testbench's own ports, and Python answers strobe by strobe from them alone.
"""

from __future__ import annotations

from importlib import resources

from ...flow.emit.controller import CONTROLLER, controller_ports
from ...flow.emit.convert import Port
from ...hdl.array_pins import ArraySignature
from ...hdl.bus.registers import WORD_BITS
from ...hdl.config import STREAM_BITS, LayerConfig, NetworkConfig, Readout
from ...hdl.controller.control_registers import control_registers
from .programming import LINE_BITS, PROGRAMMING_PINS, add_driver_check, add_host, add_read_back
from .text import TestbenchText

TESTBENCH = "popbridge_testbench"
ANSWERS = ("sense_p", "sense_n", "sl_q")
"""Pins that an array drives."""
METERS = ("shortest", "longest", "first", "count")
RESET_CYCLES = 2
SLACK_CYCLES = 16
"""Clock cycles past the declared end before a run counts as stuck."""
ACCESS_CYCLES = 8
"""Clock cycles that an access of a register may take."""
CALIBRATION_DRIVES = ("awaddr", "awvalid", "wdata", "wvalid", "araddr", "arvalid")
"""What `calibration_host` drives of the control bus."""
CALIBRATED_TO_IRQ_CYCLES = 2
"""A calibration is `LayerConfig.calibration_cycles` from the cycle before precharge rises to its
end; from there three registers lead to `irq`."""


def static_sources(config: NetworkConfig) -> dict[str, str]:
    """File name to text of the testbench's fixed modules."""
    folder = resources.files(__package__)
    names = ["array_replay.sv", "calibration_ends.sv", "stream_ends.sv"]
    names += ["programming_ports.sv"] if config.programmable else []
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def bus_inputs(config: NetworkConfig) -> list[str]:
    """The controller's inputs from the control bus; all 0 where nobody is on it."""
    return [
        port.name
        for port in controller_ports(config)
        if port.name.startswith("s_axil_") and port.direction == "input"
    ]


def programming_inputs(config: NetworkConfig) -> list[str]:
    """The controller's inputs of programming; all 0 where nothing is programmed."""
    return [
        port.name
        for port in controller_ports(config)
        if (port.name.startswith("w_axis_") and port.direction == "input")
        or port.name.endswith("__sl_q")
    ]


def testbench_verilog(config: NetworkConfig, *, strict: bool) -> str:
    """SystemVerilog of the testbench for a network."""
    ports = controller_ports(config)
    text = TestbenchText([], [])
    _clock(text, config)
    for port in ports:
        if not _is_array_pin(port, config) and port.name not in ("clk", "rst"):
            text.wire(port.width, port.name)
    driven = {port.name: port.name for port in ports}
    if config.programmable:
        add_host(text, config)
        if config.calibration_cycles:
            driven |= _two_masters(text, config)
    else:
        _control_bus(text, config)
    connections = ",\n".join(f"    .{name}({wire})" for name, wire in driven.items())
    text.body.append(f"  {CONTROLLER} controller (\n{connections}\n  );")
    _streams(text, config)
    for layer in config.layers:
        pins = [port for port in ports if port.name.startswith(f"{layer.name}_macro")]
        if strict:
            _strict_layer(text, layer, pins)
        else:
            _bulk_layer(text, layer, pins)
    for name in ("status__dropped", "status__unresolved"):
        text.port("output", 32, f"total_{name}")
        text.body.append(f"  assign total_{name} = {name};")
    head = "// Made by popbridge; see popbridge/sim/testbench.py.\n"
    ports_text = ",\n".join(text.ports)
    body = "\n".join(text.body)
    return f"{head}module {TESTBENCH} (\n{ports_text}\n);\n{body}\nendmodule\n"


def _is_array_pin(port: Port, config: NetworkConfig) -> bool:
    return any(port.name.startswith(f"{layer.name}_macro") for layer in config.layers)


def _clock(text: TestbenchText, config: NetworkConfig) -> None:
    half_ps = config.clock_period_ps // 2
    text.port("input", 1, "running")
    text.port("output", 1, "in_reset")
    text.body.append(f"""
  // Time stands still until Python is ready; then reset, then run.
  logic clk = 0, rst = 1;
  initial begin
    reg [8191:0] file;
    if ($value$plusargs("waves=%s", file)) begin
      $dumpfile(file);
      $dumpvars(0, {TESTBENCH});
    end
    wait (running);
    forever begin
      #{half_ps} clk = 1;
      #{half_ps} clk = 0;
    end
  end
  logic [7:0] reset_left = {RESET_CYCLES};
  always_ff @(posedge clk) begin
    if (reset_left != 0) reset_left <= reset_left - 1;
    rst <= reset_left != 0;
  end
  assign in_reset = rst;
""")


def _control_bus(text: TestbenchText, config: NetworkConfig) -> None:
    """Nobody is on the bus, and the controller runs as it is after reset, unless it calibrates."""
    idle = bus_inputs(config)
    if config.calibration_cycles:
        idle = [name for name in idle if name.removeprefix("s_axil_") not in CALIBRATION_DRIVES]
        _calibration_host(text, config, "s_axil")
    ready = ("s_axil_bready", "s_axil_rready", "s_axil_wstrb") if config.calibration_cycles else ()
    text.body.extend(f"  assign {name} = '{int(name in ready)};" for name in idle)


def _two_masters(text: TestbenchText, config: NetworkConfig) -> dict[str, str]:
    """The bus is the calibration's while `calibrate` is 1, else the programming host's.

    Gives what drives each of the controller's bus inputs. The answers go to both: whoever has not
    asked ignores them.
    """
    driven = {}
    for port in controller_ports(config):
        if port.name in bus_inputs(config):
            wire = port.name.replace("s_axil", "calibration")
            text.wire(port.width, wire)
            if wire.removeprefix("calibration_") not in CALIBRATION_DRIVES:
                text.body.append(f"  assign {wire} = '1;")
            driven[port.name] = f"calibrate ? {wire} : {port.name}"
    _calibration_host(text, config, "calibration")
    return driven


def trimmed_layers(config: NetworkConfig) -> list[LayerConfig]:
    """The layers that have trims; their registers follow each other macro by macro."""
    return [layer for layer in config.layers if layer.trim_bits_in_use]


def calibration_allowance_cycles(config: NetworkConfig) -> int:
    """Clock cycles after which a calibration and the reading of its trims count as stuck."""
    trims = sum(layer.macros for layer in trimmed_layers(config))
    accesses = 6 + trims
    return config.calibration_cycles + SLACK_CYCLES + ACCESS_CYCLES * accesses


def _calibration_host(text: TestbenchText, config: NetworkConfig, driven: str) -> None:
    """The bus master that calibrates; its outputs' names begin with `driven`."""
    registers = control_registers(config)
    trims = sum(layer.macros for layer in trimmed_layers(config))
    [first_trim] = [block.offset for block in registers.blocks if block.name == "TRIMS"]

    def bit(register: str, field: str) -> int:
        placed = registers[register].placed_fields
        return next(1 << lowest for lowest, found in placed if found.name == field)

    parameters = {
        "ADDRESS_BITS": registers.address_bits,
        "TRIMS": trims,
        "FIRST_TRIM": first_trim,
        "START": bit("CONTROL", "start"),
        "STOP": bit("CONTROL", "stop"),
        "CALIBRATE": bit("CONTROL", "calibrate"),
        "CALIBRATED": bit("INTERRUPT_STATUS", "calibrated"),
        "IRQ_DELAY": CALIBRATED_TO_IRQ_CYCLES,
    }
    names = ("CONTROL", "INTERRUPT_ENABLE", "INTERRUPT_STATUS")
    parameters |= {name: registers.address(name) for name in names}
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    answers = ("awready", "wready", "bvalid", "arready", "rdata", "rvalid")
    joined = ", ".join(
        [*(f".{name}({driven}_{name})" for name in CALIBRATION_DRIVES)]
        + [f".{name}(s_axil_{name})" for name in answers]
    )
    first = f"{trimmed_layers(config)[0].name}_macro0"
    text.port("input", 1, "calibrate")
    text.port("output", 1, "calibrated")
    text.port("output", trims * WORD_BITS, "trims")
    text.port("output", 32, "calibration_cycles")
    text.body.append(f"""
  calibration_host #({given}) calibration_host (
    .clk, .rst, .wanted(calibrate), .irq, .precharge({first}__precharge),
    .calibrated, .trims, .cycles(calibration_cycles), {joined}
  );""")


def _streams(text: TestbenchText, config: NetworkConfig) -> None:
    beats_in = config.input_beats
    beats_out = config.result_beats
    text.port("input", beats_in * STREAM_BITS, "image")
    text.port("input", 1, "image_offered")
    text.port("output", 1, "image_taken")
    text.port("output", beats_out * STREAM_BITS, "result")
    text.port("output", 1, "result_arrived")
    text.port("output", 1, "result_broken")
    text.body.append(f"""
  image_source #(.BEATS({beats_in}), .WIDTH({STREAM_BITS})) source (
    .clk, .rst, .image, .offered(image_offered), .taken(image_taken), .tdata(s_axis_tdata),
    .tvalid(s_axis_tvalid), .tlast(s_axis_tlast), .tready(s_axis_tready)
  );
  result_sink #(.BEATS({beats_out}), .WIDTH({STREAM_BITS})) sink (
    .clk, .rst, .tdata(m_axis_tdata), .tvalid(m_axis_tvalid), .tlast(m_axis_tlast),
    .tready(m_axis_tready), .packet(result), .arrived(result_arrived), .broken(result_broken)
  );

  // From the first image's first beat to its result's last, then from result to result.
  logic streaming, resulted, result_ends;
  assign result_ends = m_axis_tvalid && m_axis_tready && m_axis_tlast;
  always_ff @(posedge clk)
    if (rst) begin
      streaming <= 0;
      resulted <= 0;
    end else begin
      streaming <= streaming || (s_axis_tvalid && s_axis_tready);
      resulted <= resulted || result_ends;
    end
  // Counts begin in the cycle after: what is measured is how many cycles later the end comes.
  logic after_first_beat, after_result;
  always_ff @(posedge clk) begin
    after_first_beat <= s_axis_tvalid && s_axis_tready && !streaming;
    after_result <= result_ends;
  end""")
    _meter(text, "image_latency", "after_first_beat", "result_ends && !resulted")
    _meter(text, "result_interval", "after_result", "result_ends && resulted")


def _meter(text: TestbenchText, name: str, begins: str, ends: str) -> None:
    for figure in METERS:
        text.port("output", 32, f"{name}_{figure}")
    figures = ", ".join(f".{figure}({name}_{figure})" for figure in METERS)
    text.body.append(f"""
  interval_meter {name}_meter (
    .clk, .rst, .begins({begins}), .ends({ends}), {figures}
  );""")


def _scanning(text: TestbenchText, layer: LayerConfig) -> None:
    """A scan lasts from the first word line's rise to the last one's fall, read at macro 0."""
    name = layer.name
    and_no_programming = " && !in_programming" if layer.macro.programmable else ""
    text.body.append(f"""
  logic {name}_up, {name}_was_up, {name}_rises, {name}_rose, {name}_falls;
  assign {name}_up = |{name}_macro0__wl{and_no_programming};
  assign {name}_rises = {name}_up && !{name}_was_up;
  assign {name}_falls = !{name}_up && {name}_was_up;
  always_ff @(posedge clk) begin
    {name}_was_up <= {name}_up && !rst;
    {name}_rose <= {name}_rises;
  end""")
    # The fall is seen one cycle late, so the count starts one cycle late, too.
    _meter(text, f"{name}_scan", f"{name}_rose", f"{name}_falls")


def _strict_layer(text: TestbenchText, layer: LayerConfig, pins: list[Port]) -> None:
    # One vector of all pins that the array sees: one wake of Python when any of them changes.
    seen = [pin for pin in ArraySignature.of_layer(layer).members if pin not in ANSWERS]
    widths = {port.name: port.width for port in pins}
    for port in pins:
        if port.direction == "input":
            text.wire(port.width, port.name)
        else:
            text.port("output", port.width, port.name)
    for macro in layer.macro_names:
        name = f"{layer.name}_{macro}"
        text.port("output", sum(widths[f"{name}__{pin}"] for pin in seen), f"{name}_pins")
        listed = ", ".join(f"{name}__{pin}" for pin in seen)
        text.body.append(f"  assign {name}_pins = {{{listed}}};")
        _late_answer(text, name, layer.macro.timing.strobe_cycles)
        if layer.macro.programmable:
            text.body.append(f"  assign {name}__sl_q = '0;")
    _scanning(text, layer)


def _late_answer(text: TestbenchText, name: str, strobe_cycles: int) -> None:
    """An array's answer reaches the controller in the last cycle of a strobe only."""
    for line in ("p", "n"):
        text.port("input", 1, f"{name}_answer_{line}")
    text.body.append(f"""
  logic [31:0] {name}_strobed;
  always_ff @(posedge clk) {name}_strobed <= {name}__strobe ? {name}_strobed + 1 : 0;
  assign {name}__sense_p = {name}_answer_p & ({name}_strobed == {strobe_cycles - 1});
  assign {name}__sense_n = {name}_answer_n & ({name}_strobed == {strobe_cycles - 1});""")


def _bulk_layer(text: TestbenchText, layer: LayerConfig, pins: list[Port]) -> None:
    name = layer.name
    outcomes = layer.macros * layer.rows_used * layer.trials
    for port in pins:
        text.wire(port.width, port.name)
    text.port("output", layer.fan_in * layer.bits_per_input, f"{name}_inputs")
    text.port("output", 1, f"{name}_request")
    text.port("output", 4, f"{name}_violation")
    text.port("input", outcomes, f"{name}_positive")
    text.port("input", outcomes, f"{name}_resolved")
    _scanning(text, layer)
    if layer.macro.programmable:
        text.port("input", layer.macros * layer.rows_used * LINE_BITS, f"{name}_lines")
        add_read_back(text, layer)
        add_driver_check(text, layer)
    _take_inputs(text, layer)
    if layer.trim_bits_in_use:
        _calibration_replay(text, layer)
    _replay(text, layer)


def _on_lines(layer: LayerConfig) -> str:
    """What was taken of the bit plane in progress; no slow part-select where there is one alone."""
    if layer.bits_per_input == 1:
        return f"{layer.name}_inputs"
    return f"{layer.name}_inputs[{layer.name}_plane * {layer.fan_in} +: {layer.fan_in}]"


def _take_inputs(text: TestbenchText, layer: LayerConfig) -> None:
    """The bit lines of each bit plane as the first row sees it; Python answers after the last."""
    name, fan_in, planes = layer.name, layer.fan_in, layer.bits_per_input
    text.wire(4, f"{name}_plane")
    text.wire(1, f"{name}_plane_begins")
    text.wire(1, f"{name}_first_row")
    text.body.append(f"""
  logic {name}_takes;
  assign {name}_takes = {name}_plane_begins && {name}_first_row;
  always_ff @(posedge clk)
    if ({_idle(layer)}) {name}_request <= 0;
    else if ({name}_takes) begin
      {_on_lines(layer)} <= {name}_macro0__bl[{fan_in - 1}:0];
      if ({name}_plane == {planes - 1}) {name}_request <= ~{name}_request;
    end""")


def _replay(text: TestbenchText, layer: LayerConfig) -> None:
    timing = layer.macro.timing
    parameters = {
        "MACROS": layer.macros,
        "ROWS": layer.macro.rows,
        "NEURONS": layer.neurons,
        "ROWS_USED": layer.rows_used,
        "TRIALS": layer.trials,
        "BANK": layer.bank_bits,
        "SEARCH": int(layer.readout is Readout.COUNT),
        "PRECHARGE": timing.precharge_cycles,
        "DEAD_BEFORE_EVALUATE": timing.dead_before_evaluate_cycles,
        "EVALUATE": timing.evaluate_cycles,
        "STROBE": timing.strobe_cycles,
        "SETTLE": timing.settle_cycles,
        "DEAD_AFTER_STROBE": timing.dead_after_strobe_cycles,
        "PLANES": layer.bits_per_input,
        "SHARE": timing.share_cycles,
        "DEAD_AFTER_SHARE": timing.dead_after_share_cycles,
        "PIPELINED": int(layer.overlapped),
        "BRIDGE": timing.bridge_cycles,
    }
    pins = {
        pin: _side_by_side(layer, pin)
        for pin in ArraySignature.of_layer(layer).members
        if pin not in ("bl", "blb", *PROGRAMMING_PINS)
    }
    pins["rst"] = _idle(layer)
    pins["lines"] = "'0"
    if layer.macro.programmable:
        parameters |= {"SPARED": 1, "LINE_BITS": LINE_BITS}
        pins["lines"] = f"{layer.name}_lines"
    if not layer.bank_bits:
        pins |= {"dac_p": "'0", "dac_n": "'0"}
    if layer.bits_per_input == 1:
        pins |= {"share": "'0", "acc_reset": "'0"}
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    told = ("positive", "resolved", "plane", "plane_begins", "first_row")
    pins |= {kind: f"{layer.name}_{kind}" for kind in told}
    pins["violation"] = f"{layer.name}_replay_violation"
    text.wire(4, pins["violation"])
    pins |= {"held_p": "'0", "held_n": "'0", "idle": ""}
    if layer.trim_bits_in_use:
        pins |= _taking_turns(text, layer, pins)
    connections = ",\n    ".join(f".{pin}({wire})" for pin, wire in pins.items())
    text.body.append(
        f"  array_replay #({given}) {layer.name}_arrays (\n    .clk, {connections}\n  );"
    )
    _check_bit_lines(text, layer)


def _calibration_replay(text: TestbenchText, layer: LayerConfig) -> None:
    """The arrays' side while no word line is up: it answers, `array_replay` sees all pins at 0."""
    name, timing = layer.name, layer.macro.timing
    parameters = {
        "MACROS": layer.macros,
        "ROWS": layer.macro.rows,
        "BANK": layer.bank_bits,
        "BITS": layer.trim_bits_in_use,
        "STROBES": layer.macro.trim_strobes,
        "PRECHARGE": timing.precharge_cycles,
        "DEAD_BEFORE_EVALUATE": timing.dead_before_evaluate_cycles,
        "EVALUATE": timing.evaluate_cycles,
        "STROBE": timing.strobe_cycles,
        "SETTLE": timing.settle_cycles,
        "DEAD_AFTER_STROBE": timing.dead_after_strobe_cycles,
    }
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    answers = layer.calibration_steps * layer.macro.trim_strobes * layer.macros
    for kind in ("positive", "resolved"):
        text.port("input", answers, f"{name}_offset_{kind}")
    for kind, width in (("active", 1), ("idle", 1), ("calibration_violation", 4)):
        text.wire(width, f"{name}_{kind}")
    for kind in ("held_p", "held_n"):
        text.wire(layer.macros * layer.bank_bits, f"{name}_{kind}")
    for kind in ("offset_sense_p", "offset_sense_n"):
        text.wire(layer.macros, f"{name}_{kind}")
    inputs = ("wl", "precharge", "evaluate", "strobe", "dac_p", "dac_n")
    pins = {pin: _side_by_side(layer, pin) for pin in inputs}
    pins |= {f"sense_{line}": f"{name}_offset_sense_{line}" for line in ("p", "n")}
    pins |= {kind: f"{name}_offset_{kind}" for kind in ("positive", "resolved")}
    pins |= {kind: f"{name}_{kind}" for kind in ("idle", "active", "held_p", "held_n")}
    pins["violation"] = f"{name}_calibration_violation"
    connections = ",\n    ".join(f".{pin}({wire})" for pin, wire in pins.items())
    text.body.append(
        f"  calibration_replay #({given}) {name}_calibration (\n"
        f"    .clk, .rst, .expected(calibrate && !calibrated), {connections}\n  );"
    )


def _taking_turns(text: TestbenchText, layer: LayerConfig, pins: dict[str, str]) -> dict[str, str]:
    """Connections of `array_replay` beside `calibration_replay`, whose turn it is when active."""
    name, macros = layer.name, layer.macros
    for line in ("p", "n"):
        text.wire(macros, f"{name}_image_sense_{line}")
        text.body.append(
            f"  assign {pins[f'sense_{line}']} = {name}_active ? {name}_offset_sense_{line}"
            f" : {name}_image_sense_{line};"
        )
    given = {f"sense_{line}": f"{name}_image_sense_{line}" for line in ("p", "n")}
    given |= {kind: f"{name}_{kind}" for kind in ("held_p", "held_n", "idle")}
    for pin in ("precharge", "evaluate", "strobe", "dac_p", "dac_n"):
        given[pin] = f"{name}_active ? '0 : {pins[pin]}"
    return given


def _idle(layer: LayerConfig) -> str:
    """What keeps the arrays' side from replaying and checking."""
    return "held" if layer.macro.programmable else "rst"


def _side_by_side(layer: LayerConfig, pin: str) -> str:
    wires = [f"{layer.name}_{macro}__{pin}" for macro in reversed(layer.macro_names)]
    return f"{{{', '.join(wires)}}}"


def _check_bit_lines(text: TestbenchText, layer: LayerConfig) -> None:
    """In a scan, all arrays' bit lines have to be those that were answered for, else released.

    In the first cycle of each bit plane's first row they are taken; from the next one on, which is
    evaluate's first at the earliest, they hold.

    Here rather than in `array_replay`: putting thousands of bit lines side by side in one vector,
    every clock cycle, took a sixth of the simulation's time.
    """
    name = layer.name
    violation = f"{name}_replay_violation"
    if layer.trim_bits_in_use:
        violation += f" | {name}_calibration_violation"
    columns = layer.line_columns
    driver = f"{name}_program_driver_on ? 4'd5 : " if layer.macro.programmable else ""
    driven = (1 << layer.fan_in) - 1
    wrong = " ||\n        ".join(
        f"{name}_{macro}__bl != {name}_expected_bl || {name}_{macro}__blb != {name}_expected_blb"
        for macro in layer.macro_names
    )
    text.body.append(f"""
  logic [{columns - 1}:0] {name}_expected_bl, {name}_expected_blb;
  logic {name}_bit_lines_wrong;
  assign {name}_expected_bl =
      {name}_up ? {columns}'({_on_lines(layer)}) : '0;
  assign {name}_expected_blb = {name}_up ? ~{name}_expected_bl & {columns}'h{driven:x} : '0;
  always_ff @(posedge clk)
    if ({_idle(layer)}) {name}_bit_lines_wrong <= 0;
    else if (!{name}_takes && (
        {wrong})) {name}_bit_lines_wrong <= 1;
  assign {name}_violation = {driver}{name}_bit_lines_wrong ? 4'd3 : {violation};""")
