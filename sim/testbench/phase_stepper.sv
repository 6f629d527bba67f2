// Steps through a scan as the configuration declares it: evaluations, each of the same phases.
// `codes` numbers the phases.

module phase_stepper
  import codes::*;
#(
    parameter integer EVALUATIONS = 1,             // of a scan
    parameter integer PHASES = 1,                  // of an evaluation
    parameter [PHASES*4-1:0]  ORDER = '0,          // which ones, the first lowest
    parameter [PHASES*16-1:0] LENGTHS = '0         // clock cycles of each, at least 1
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        starts,                    // a scan begins in this cycle, if none goes on
    input  logic        waits,                     // this phase goes on
    output logic        idle,                      // no scan was in progress before this cycle
    output logic [3:0]  phase,
    output logic [3:0]  pins,                      // precharge, evaluate, strobe, share
    output logic        begins,                    // the phase's first cycle
    output logic        ends,                      // the phase's last cycle
    output logic        evaluation_ends,
    output logic [31:0] evaluation,                // number of the evaluation in its scan,
    output logic [3:0]  plane,                     // of the bit plane in the evaluation,
    output logic [31:0] strobe                     // of the strobe in the evaluation
);
  logic        running, active, last;
  logic [31:0] place, gone;                        // of the phase; cycles of it before this one
  logic [3:0]  next;                               // the phase after this one

  assign idle = !running;
  assign active = running || starts;
  assign phase = active ? ORDER[place*4 +: 4] : REST;
  assign last = place + 1 == PHASES;
  assign next = last ? REST : ORDER[(place + 1)*4 +: 4];
  assign begins = active && gone == 0;
  assign ends = active && !waits && gone + 1 >= 32'(LENGTHS[place*16 +: 16]);
  assign evaluation_ends = ends && last;

  always_comb begin
    case (phase)
      PRECHARGE: pins = 4'b1000;
      EVALUATE:  pins = 4'b0100;
      STROBE:    pins = 4'b0110;
      SETTLE:    pins = 4'b0100;
      SHARE:     pins = 4'b0101;
      default:   pins = 4'b0000;
    endcase
  end

  always_ff @(posedge clk)
    if (rst) begin
      running <= 0;
      place <= 0;
      gone <= 0;
      evaluation <= 0;
      plane <= 0;
      strobe <= 0;
    end else if (active) begin
      running <= !evaluation_ends || evaluation + 1 != EVALUATIONS;
      gone <= ends ? 0 : gone + 1;
      if (ends) begin
        place <= last ? 0 : place + 1;
        if (last) plane <= 0;
        else if (next == PRECHARGE) plane <= plane + 1;
        if (phase == STROBE) strobe <= next == SETTLE ? strobe + 1 : 0;
        if (last) evaluation <= evaluation + 1 == EVALUATIONS ? 0 : evaluation + 1;
      end
    end
endmodule
