// Stands in for the arrays of a layer while it calibrates, and holds every pin, every clock cycle,
// against the search that its own answers ask for. Pins lie side by side, array 0 lowest.

module calibration_replay
  import codes::*;
#(
    parameter integer MACROS = 1,
    parameter integer ROWS = 1,                      // word lines of an array
    parameter integer BANK = 1,                      // bits of the capacitor bank
    parameter integer BITS = 1,                      // of them, those that are searched over
    parameter integer STROBES = 1,                   // of a step
    parameter integer PHASES = 1,                    // as in phase_stepper
    parameter [PHASES*4-1:0]  ORDER = '0,
    parameter [PHASES*16-1:0] LENGTHS = '0
) (
    input  logic                                clk,
    input  logic                                rst,
    input  logic                                expected,  // a calibration may begin
    input  logic                                idle,      // no scan of an image is in progress
    input  logic [MACROS*ROWS-1:0]              wl,
    input  logic [MACROS-1:0]                   precharge,
    input  logic [MACROS-1:0]                   evaluate,
    input  logic [MACROS-1:0]                   strobe,
    input  logic [MACROS*BANK-1:0]              dac_p,
    input  logic [MACROS*BANK-1:0]              dac_n,
    output logic [MACROS-1:0]                   sense_p,
    output logic [MACROS-1:0]                   sense_n,
    // what was answered: step by step, strobe by strobe, array 0 lowest
    input  logic [(BITS+1)*STROBES*MACROS-1:0]  positive,
    input  logic [(BITS+1)*STROBES*MACROS-1:0]  resolved,
    output logic                                active,
    output logic [MACROS*BANK-1:0]              held_p,    // the codes found
    output logic [MACROS*BANK-1:0]              held_n,
    output logic [3:0]                          violation  // as in array_replay
);
  logic [3:0]  phase, pins;
  logic [31:0] step, cast;                           // cast: a strobe of the step
  logic        ends, last_cast;

  phase_stepper #(
    .EVALUATIONS(BITS + 1), .PHASES(PHASES), .ORDER(ORDER), .LENGTHS(LENGTHS)
  ) stepper (
    .clk, .rst, .starts(expected && idle && precharge[0] && wl == '0), .waits(1'b0), .idle(),
    .phase, .pins, .begins(), .ends, .evaluation_ends(), .evaluation(step), .plane(),
    .strobe(cast)
  );
  assign active = phase != REST;
  assign last_cast = cast + 1 == STROBES;

  // The answers of this strobe, in its last cycle.
  logic [MACROS-1:0] of_strobe, is_resolved, above, below;
  assign of_strobe = positive[(step*STROBES + cast)*MACROS +: MACROS];
  assign is_resolved = resolved[(step*STROBES + cast)*MACROS +: MACROS];
  always_ff @(negedge clk) begin
    above <= '0;
    below <= '0;
    if (phase == STROBE && ends) begin
      above <= of_strobe & is_resolved;
      below <= ~of_strobe & is_resolved;
    end
  end
  assign sense_p = strobe & above;
  assign sense_n = strobe & below;

  logic [MACROS*BANK-1:0] tried_p, tried_n;
  generate
    for (genvar k = 0; k < MACROS; k = k + 1) begin : array
      logic            pushes_down;                  // the comparator said +1 without the bank
      logic [BANK-1:0] found, tried;
      logic [31:0]     favourable, counted;
      assign tried = step == 0 ? '0 : found | BANK'(1 << (BITS - step));
      assign tried_p[k*BANK +: BANK] = pushes_down ? '0 : tried;
      assign tried_n[k*BANK +: BANK] = pushes_down ? tried : '0;
      assign held_p[k*BANK +: BANK] = pushes_down ? '0 : found;
      assign held_n[k*BANK +: BANK] = pushes_down ? found : '0;
      assign counted = favourable + 32'(of_strobe[k] & is_resolved[k]);
      always_ff @(posedge clk)
        if (rst) begin
          pushes_down <= 0;
          found <= '0;
          favourable <= 0;
        end else if (ends && phase == STROBE) begin
          favourable <= last_cast ? 0 : counted;
          if (last_cast && step == 0) begin
            pushes_down <= counted > STROBES / 2;
            found <= '0;
          end else if (last_cast && pushes_down == (counted > STROBES / 2)) found <= tried;
        end
    end
  endgenerate

  always_ff @(posedge clk)
    if (rst) violation <= 0;
    else if (violation == 0 && active) begin
      if (precharge != {MACROS{pins[3]}} || evaluate != {MACROS{pins[2]}}
          || strobe != {MACROS{pins[1]}}) violation <= WRONG_PHASE;
      else if (wl != '0) violation <= WRONG_WORD_LINE;
      else if (dac_p != (pins[2] ? tried_p : '0) || dac_n != (pins[2] ? tried_n : '0))
        violation <= WRONG_CODE;
    end
endmodule
