// Stands in for the bridge arrays of one layer during bulk simulation.
//
// The outcomes of all rows are computed once per image, outside; this module replays them by word
// line and trial. In return it holds the pins of every array, every clock cycle, against the phases
// that the configuration declares. The first violation is kept. (The testbench checks bit lines.)
// A pin vector holds the arrays side by side, array 0 lowest.

module array_replay
  import codes::*;
#(
    parameter integer MACROS = 1,
    parameter integer ROWS = 1,                // word lines of an array
    parameter integer NEURONS = 1,             // filled array by array, ROWS_USED in each
    parameter integer ROWS_USED = 1,           // word-line steps of the layer
    parameter integer TRIALS = 1,
    parameter integer BANK = 0,                // bits of the capacitor bank, 0: none
    parameter integer SEARCH = 1,              // 1: the bank searches trial by trial, 0: it is held
    parameter integer PLANES = 1,              // bit planes of an input, shared before the strobe
    parameter integer PHASES = 1,              // as in phase_stepper
    parameter [PHASES*4-1:0]  ORDER = '0,
    parameter [PHASES*16-1:0] LENGTHS = '0,
    parameter integer PIPELINED = 0,           // 1: SL latches, the word lines are a row ahead
    parameter integer LEAST_UP = 0,            // cycles that a word line is up in precharge
    parameter integer SPARED = 0,              // 1: `lines` says where each row is, else row = line
    parameter integer LINE_BITS = 1
) (
    input  logic                               clk,
    input  logic                               rst,
    input  logic [MACROS*ROWS-1:0]             wl,
    input  logic [MACROS-1:0]                  precharge,
    input  logic [MACROS-1:0]                  evaluate,
    input  logic [MACROS-1:0]                  strobe,
    input  logic [MACROS-1:0]                  share,
    input  logic [MACROS-1:0]                  acc_reset,
    input  logic [MACROS*(BANK>0?BANK:1)-1:0]  dac_p,
    input  logic [MACROS*(BANK>0?BANK:1)-1:0]  dac_n,
    input  logic [MACROS*(BANK>0?BANK:1)-1:0]  held_p,      // the codes that are held
    input  logic [MACROS*(BANK>0?BANK:1)-1:0]  held_n,
    output logic [MACROS-1:0]                  sense_p,
    output logic [MACROS-1:0]                  sense_n,
    // what was answered: per neuron, trial by trial from the last (bit 0) to the first
    input  logic [MACROS*ROWS_USED*TRIALS-1:0] positive,
    input  logic [MACROS*ROWS_USED*TRIALS-1:0] resolved,
    // the bit plane that has to be on the bit lines, its first cycle, and whether in the first row
    output logic [3:0]                         plane,
    output logic                               plane_begins,
    output logic                               first_row,
    output logic                               idle,        // no scan is in progress
    input  logic [(SPARED!=0?MACROS*ROWS_USED*LINE_BITS:1)-1:0] lines, // row by row, array by array
    output logic [3:0]                         violation   // 0: none; else the first one's kind
);
  localparam integer WIDTH = BANK > 0 ? BANK : 1;

  // The cycle in progress, as it has to be.
  logic [3:0]  phase, pins;
  logic        begins, ends, row_ends, waits, evaluate_begins;
  logic [31:0] row, strobes, trial;          // trials are numbered from the last, 0
  logic [31:0] up_row, up_for;               // the row whose word line is up, and since when

  // Precharge goes on until evaluate would not come too early for the bridges.
  assign waits = PIPELINED != 0 && phase == PRECHARGE && up_for + 1 < LEAST_UP;
  // A scan may start in any cycle; its first one is judged as precharge at once.
  phase_stepper #(
    .EVALUATIONS(ROWS_USED), .PHASES(PHASES), .ORDER(ORDER), .LENGTHS(LENGTHS)
  ) stepper (
    .clk, .rst, .starts(precharge[0]), .waits, .idle, .phase, .pins, .begins, .ends,
    .evaluation_ends(row_ends), .evaluation(row), .plane, .strobe(strobes)
  );
  assign trial = TRIALS - 1 - strobes;
  assign plane_begins = phase == PRECHARGE && begins;
  assign evaluate_begins = phase == EVALUATE && begins;
  assign first_row = row == 0;

  // The word lines and the bank's codes as they have to be.
  logic [MACROS*ROWS-1:0]    expected_wl;
  logic [MACROS*WIDTH-1:0]   expected_dac_p, expected_dac_n;
  logic [MACROS*TRIALS-1:0]  row_positive, row_resolved;

  // The outcomes of the row whose word line is up, in each array. The comparators take all but the
  // last half cycle of a strobe to resolve: an answer taken before the last cycle is not there yet.
  logic [MACROS-1:0] above, below;
  always_ff @(negedge clk) begin
    above <= '0;
    below <= '0;
    if (|strobe && phase == STROBE && ends)
      for (int k = 0; k < MACROS; k++) begin
        above[k] <= row_positive[k*TRIALS + trial] & row_resolved[k*TRIALS + trial];
        below[k] <= ~row_positive[k*TRIALS + trial] & row_resolved[k*TRIALS + trial];
      end
  end
  assign sense_p = strobe & above;
  assign sense_n = strobe & below;

  generate
    for (genvar k = 0; k < MACROS; k = k + 1) begin : array
      localparam integer FIRST = k * ROWS_USED * TRIALS;
      logic [31:0] up_line;                  // the word line of the row that is up
      assign up_line = SPARED != 0
          ? 32'(lines[(k*ROWS_USED + up_row)*LINE_BITS +: LINE_BITS]) : up_row;
      assign expected_wl[k*ROWS +: ROWS] =
          phase != REST && k * ROWS_USED + up_row < NEURONS && up_row < ROWS_USED
          ? ROWS'(1) << up_line : '0;
      // The row that is on the lines: what the latches took, or what the word line says.
      logic [ROWS-1:0] read;
      if (PIPELINED != 0) begin : latches
        always_ff @(posedge clk)
          if (evaluate_begins) read <= wl[k*ROWS +: ROWS];
      end else begin : no_latches
        assign read = wl[k*ROWS +: ROWS];
      end
      logic [ROWS_USED-1:0] rows_read;       // the same by row
      if (SPARED != 0) begin : spared
        assign rows_read =
            read == ROWS'(1) << lines[(k*ROWS_USED + row)*LINE_BITS +: LINE_BITS]
            ? ROWS_USED'(1) << row : '0;
      end else begin : in_place
        assign rows_read = read[ROWS_USED-1:0];
      end
      if (TRIALS == 1) begin : signs
        assign row_positive[k] = |(positive[FIRST +: ROWS_USED] & rows_read);
        assign row_resolved[k] = |(resolved[FIRST +: ROWS_USED] & rows_read);
      end else begin : counts
        logic [TRIALS-1:0] p, r;
        always_comb begin
          p = '0;
          r = '0;
          for (int i = 0; i < ROWS_USED; i++)
            if (rows_read[i]) begin
              p |= positive[FIRST + i*TRIALS +: TRIALS];
              r |= resolved[FIRST + i*TRIALS +: TRIALS];
            end
        end
        assign row_positive[k*TRIALS +: TRIALS] = p;
        assign row_resolved[k*TRIALS +: TRIALS] = r;
      end
      // Successive approximation: the decisions so far, a 1, then zeros; line P its complement.
      logic [WIDTH-1:0] decided, tried;
      assign decided =
          WIDTH'(row_positive[k*TRIALS +: TRIALS] & row_resolved[k*TRIALS +: TRIALS]);
      assign tried = ((decided >> (trial + 1)) << (trial + 1)) | (WIDTH'(1) << trial);
      assign expected_dac_n[k*WIDTH +: WIDTH] = SEARCH != 0 ? tried : held_n[k*WIDTH +: WIDTH];
      assign expected_dac_p[k*WIDTH +: WIDTH] = SEARCH != 0 ? -tried : held_p[k*WIDTH +: WIDTH];
    end
  endgenerate

  always_ff @(posedge clk)
    if (rst) begin
      up_row <= 0;
      up_for <= 0;
      violation <= 0;
    end else begin
      if (row_ends && row + 1 == ROWS_USED) begin
        up_row <= 0;
        up_for <= 0;
      end else if (PIPELINED == 0 ? row_ends : evaluate_begins) begin
        if (up_row + 1 < ROWS_USED || PIPELINED == 0) up_row <= up_row + 1;
        up_for <= 0;
      end else up_for <= phase == REST ? 0 : up_for + 1;
      if (violation == 0) begin
        if (precharge != {MACROS{pins[3]}} || evaluate != {MACROS{pins[2]}}
            || strobe != {MACROS{pins[1]}} || share != {MACROS{pins[0]}}
            || acc_reset != {MACROS{PLANES > 1 && phase == PRECHARGE && plane == 0}})
          violation <= WRONG_PHASE;
        else if (wl != expected_wl) violation <= WRONG_WORD_LINE;
        else if (BANK > 0 && pins[2] && (dac_n != expected_dac_n || dac_p != expected_dac_p))
          violation <= WRONG_CODE;
        else if (BANK > 0 && !pins[2] && (dac_n != '0 || dac_p != '0)) violation <= WRONG_CODE;
      end
    end
endmodule
