// Stands in for one bridge array during bulk simulation.
//
// The outcomes of all rows are computed once per image, outside; this module replays them by word
// line and trial. In return it holds the controller's pins, every clock cycle, against the phases
// that the configuration declares, and against what was answered for. The first violation is kept.

module array_replay #(
    parameter integer ROWS = 1,                // word lines of the array
    parameter integer ROWS_OWN = 1,            // rows of this array that hold neurons
    parameter integer ROWS_USED = 1,           // word-line steps of the layer
    parameter integer COLUMNS = 1,
    parameter integer FAN_IN = 1,              // columns in use
    parameter integer TRIALS = 1,
    parameter integer BANK = 0,                // bits of the capacitor bank, 0: none
    parameter integer PRECHARGE = 1,           // clock cycles of each phase
    parameter integer DEAD_BEFORE_EVALUATE = 1,
    parameter integer EVALUATE = 1,
    parameter integer STROBE = 1,
    parameter integer SETTLE = 1,
    parameter integer DEAD_AFTER_STROBE = 1
) (
    input  logic                        clk,
    input  logic                        rst,
    input  logic [ROWS-1:0]             wl,
    input  logic [COLUMNS-1:0]          bl,
    input  logic [COLUMNS-1:0]          blb,
    input  logic                        precharge,
    input  logic                        evaluate,
    input  logic                        strobe,
    input  logic [(BANK>0?BANK:1)-1:0]  dac_p,
    input  logic [(BANK>0?BANK:1)-1:0]  dac_n,
    output logic                        sense_p,
    output logic                        sense_n,
    // what was answered: per row, trial by trial from the last (bit 0) to the first
    input  logic [FAN_IN-1:0]           answered_for,
    input  logic [ROWS_USED*TRIALS-1:0] positive,
    input  logic [ROWS_USED*TRIALS-1:0] resolved,
    output logic [3:0]                  violation   // 0: none; else the first one's kind
);
  localparam logic [3:0] PHASE = 1, WORD_LINE = 2, BIT_LINE = 3, CODE = 4;
  localparam logic [2:0] IDLE = 0, IN_PRECHARGE = 1, IN_DEAD_BEFORE = 2, IN_EVALUATE = 3,
                         IN_STROBE = 4, IN_SETTLE = 5, IN_DEAD_AFTER = 6;
  localparam logic [COLUMNS-1:0] DRIVEN = {COLUMNS{1'b1}} >> (COLUMNS - FAN_IN);
  localparam integer WIDTH = BANK > 0 ? BANK : 1;

  // The cycle in progress, as it has to be: state, cycles of it gone, row, trials to come.
  logic [2:0]  state;
  logic [31:0] gone, row, trial;
  logic [2:0]  now, next_state;
  logic        starts, ends, row_ends;
  logic [31:0] length;
  logic [2:0]  pins;

  // From IDLE a scan may start in any cycle; its first cycle is judged as PRECHARGE at once.
  assign starts = state == IDLE && precharge;
  assign now = starts ? IN_PRECHARGE : state;

  always_comb begin
    case (now)
      IN_PRECHARGE:   begin length = PRECHARGE;            pins = 3'b100; end
      IN_DEAD_BEFORE: begin length = DEAD_BEFORE_EVALUATE; pins = 3'b000; end
      IN_EVALUATE:    begin length = EVALUATE;             pins = 3'b010; end
      IN_STROBE:      begin length = STROBE;               pins = 3'b011; end
      IN_SETTLE:      begin length = SETTLE;               pins = 3'b010; end
      IN_DEAD_AFTER:  begin length = DEAD_AFTER_STROBE;    pins = 3'b000; end
      default:        begin length = 0;                    pins = 3'b000; end
    endcase
    ends = now != IDLE && gone + 1 == length;
    row_ends = ends && (now == IN_DEAD_AFTER
                        || (now == IN_STROBE && trial == 0 && DEAD_AFTER_STROBE == 0));
    next_state = now;
    if (row_ends) next_state = row + 1 == ROWS_USED ? IDLE : IN_PRECHARGE;
    else if (ends)
      case (now)
        IN_PRECHARGE: next_state = DEAD_BEFORE_EVALUATE > 0 ? IN_DEAD_BEFORE : IN_EVALUATE;
        IN_DEAD_BEFORE: next_state = IN_EVALUATE;
        IN_EVALUATE: next_state = IN_STROBE;
        IN_STROBE: next_state = trial == 0 ? IN_DEAD_AFTER : IN_SETTLE;
        IN_SETTLE: next_state = IN_STROBE;
        default: next_state = IDLE;
      endcase
  end

  logic [ROWS-1:0]   expected_wl;
  logic [TRIALS-1:0] row_positive, row_resolved;
  assign expected_wl = now == IDLE || row >= ROWS_OWN ? '0 : {{(ROWS-1){1'b0}}, 1'b1} << row;

  always_comb begin
    row_positive = '0;
    row_resolved = '0;
    for (int r = 0; r < ROWS_OWN; r++)
      if (wl[r]) begin
        row_positive |= positive[r*TRIALS +: TRIALS];
        row_resolved |= resolved[r*TRIALS +: TRIALS];
      end
    sense_p = strobe && row_positive[trial] && row_resolved[trial];
    sense_n = strobe && !row_positive[trial] && row_resolved[trial];
  end

  // Successive approximation: the decisions so far, then a 1, then zeros; line P its complement.
  logic [WIDTH-1:0] tried;
  always_comb begin
    tried = '0;
    if (BANK > 0) begin
      tried = WIDTH'(row_positive & row_resolved);
      tried = ((tried >> (trial + 1)) << (trial + 1)) | (WIDTH'(1) << trial);
    end
  end

  always_ff @(posedge clk)
    if (rst) begin
      state <= IDLE;
      gone <= 0;
      row <= 0;
      trial <= TRIALS - 1;
      violation <= 0;
    end else begin
      state <= next_state;
      gone <= ends || next_state == IDLE ? 0 : gone + 1;
      if (ends && now == IN_STROBE) trial <= trial == 0 ? TRIALS - 1 : trial - 1;
      if (row_ends) row <= row + 1 == ROWS_USED ? 0 : row + 1;
      if (violation == 0) begin
        if ({precharge, evaluate, strobe} != pins) violation <= PHASE;
        else if (wl != expected_wl) violation <= WORD_LINE;
        else if (strobe && (bl != COLUMNS'(answered_for)
                            || blb != (~COLUMNS'(answered_for) & DRIVEN))) violation <= BIT_LINE;
        else if (BANK > 0 && strobe && row < ROWS_OWN
                 && (dac_n != tried || dac_p != -tried)) violation <= CODE;
        else if (BANK > 0 && !evaluate && (dac_n != 0 || dac_p != 0)) violation <= CODE;
      end
    end
endmodule
