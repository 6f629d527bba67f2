// Stands in for the bridge arrays of one layer during bulk simulation.
//
// The outcomes of all rows are computed once per image, outside; this module replays them by word
// line and trial. In return it holds the pins of every array, every clock cycle, against the phases
// that the configuration declares. The first violation is kept. (The testbench checks bit lines.)
// A pin vector holds the arrays side by side, array 0 lowest.

module array_replay #(
    parameter integer MACROS = 1,
    parameter integer ROWS = 1,                // word lines of an array
    parameter integer NEURONS = 1,             // filled array by array, ROWS_USED in each
    parameter integer ROWS_USED = 1,           // word-line steps of the layer
    parameter integer TRIALS = 1,
    parameter integer BANK = 0,                // bits of the capacitor bank, 0: none
    parameter integer SEARCH = 1,              // 1: the bank searches trial by trial, 0: it is held
    parameter integer PRECHARGE = 1,           // clock cycles of each phase
    parameter integer DEAD_BEFORE_EVALUATE = 1,
    parameter integer EVALUATE = 1,
    parameter integer STROBE = 1,
    parameter integer SETTLE = 1,
    parameter integer DEAD_AFTER_STROBE = 1,
    parameter integer PLANES = 1,              // bit planes of an input, shared before the strobe
    parameter integer SHARE = 1,
    parameter integer DEAD_AFTER_SHARE = 1,
    parameter integer PIPELINED = 0,           // 1: SL latches, the word lines are a row ahead
    parameter integer BRIDGE = 1,              // least cycles from a word line to its evaluate
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
  localparam logic [3:0] PHASE = 1, WORD_LINE = 2, CODE = 4;
  localparam logic [3:0] IDLE = 0, IN_PRECHARGE = 1, IN_DEAD_BEFORE = 2, IN_EVALUATE = 3,
                         IN_STROBE = 4, IN_SETTLE = 5, IN_DEAD_AFTER = 6, IN_SHARE = 7,
                         IN_DEAD_SHARE = 8;
  localparam integer WIDTH = BANK > 0 ? BANK : 1;

  // The cycle in progress, as it has to be: state, cycles of it gone, row, trials to come.
  logic [3:0]  state;
  logic [31:0] gone, row, trial;
  logic [31:0] up_row, up_for;               // the row whose word line is up, and since when
  logic [3:0]  now, next_state;
  logic        starts, ends, row_ends, plane_ends;
  logic [31:0] length;
  logic [3:0]  pins;                         // precharge, evaluate, strobe, share

  // From IDLE a scan may start in any cycle; its first cycle is judged as PRECHARGE at once.
  assign starts = state == IDLE && precharge[0];
  assign now = starts ? IN_PRECHARGE : state;

  always_comb begin
    case (now)
      IN_PRECHARGE:   begin length = PRECHARGE;            pins = 4'b1000; end
      IN_DEAD_BEFORE: begin length = DEAD_BEFORE_EVALUATE; pins = 4'b0000; end
      IN_EVALUATE:    begin length = EVALUATE;             pins = 4'b0100; end
      IN_STROBE:      begin length = STROBE;               pins = 4'b0110; end
      IN_SETTLE:      begin length = SETTLE;               pins = 4'b0100; end
      IN_DEAD_AFTER:  begin length = DEAD_AFTER_STROBE;    pins = 4'b0000; end
      IN_SHARE:       begin length = SHARE;                pins = 4'b0101; end
      IN_DEAD_SHARE:  begin length = DEAD_AFTER_SHARE;     pins = 4'b0000; end
      default:        begin length = 0;                    pins = 4'b0000; end
    endcase
    ends = now != IDLE && gone + 1 >= length;
    // PRECHARGE goes on until evaluate would not come too early for the bridges.
    if (PIPELINED != 0 && now == IN_PRECHARGE && up_for + 1 + DEAD_BEFORE_EVALUATE < BRIDGE)
      ends = 0;
    row_ends = ends && (now == IN_DEAD_AFTER
                        || (now == IN_STROBE && trial == 0 && DEAD_AFTER_STROBE == 0));
    plane_ends = ends && 32'(plane) + 1 < PLANES
                 && (now == IN_DEAD_SHARE || (now == IN_SHARE && DEAD_AFTER_SHARE == 0));
    next_state = now;
    if (row_ends) next_state = row + 1 == ROWS_USED ? IDLE : IN_PRECHARGE;
    else if (ends)
      case (now)
        IN_PRECHARGE: next_state = DEAD_BEFORE_EVALUATE > 0 ? IN_DEAD_BEFORE : IN_EVALUATE;
        IN_DEAD_BEFORE: next_state = IN_EVALUATE;
        IN_EVALUATE: next_state = PLANES > 1 ? IN_SHARE : IN_STROBE;
        IN_SHARE:
          if (32'(plane) + 1 == PLANES) next_state = IN_SETTLE;
          else next_state = DEAD_AFTER_SHARE > 0 ? IN_DEAD_SHARE : IN_PRECHARGE;
        IN_DEAD_SHARE: next_state = IN_PRECHARGE;
        IN_STROBE: next_state = trial == 0 ? IN_DEAD_AFTER : IN_SETTLE;
        IN_SETTLE: next_state = IN_STROBE;
        default: next_state = IDLE;
      endcase
  end

  assign plane_begins = now == IN_PRECHARGE && gone == 0;
  assign first_row = row == 0;
  assign idle = state == IDLE;

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
    if (|strobe && now == IN_STROBE && ends)
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
          now != IDLE && k * ROWS_USED + up_row < NEURONS && up_row < ROWS_USED
          ? ROWS'(1) << up_line : '0;
      // The row that is on the lines: what the latches took, or what the word line says.
      logic [ROWS-1:0] read;
      if (PIPELINED != 0) begin : latches
        always_ff @(posedge clk)
          if (next_state == IN_EVALUATE && now != IN_EVALUATE) read <= wl[k*ROWS +: ROWS];
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
      state <= IDLE;
      gone <= 0;
      row <= 0;
      plane <= 0;
      up_row <= 0;
      up_for <= 0;
      trial <= TRIALS - 1;
      violation <= 0;
    end else begin
      state <= next_state;
      gone <= ends || next_state == IDLE ? 0 : gone + 1;
      if (ends && now == IN_STROBE) trial <= trial == 0 ? TRIALS - 1 : trial - 1;
      if (row_ends) plane <= 0;
      else if (plane_ends) plane <= plane + 1;
      if (row_ends) row <= row + 1 == ROWS_USED ? 0 : row + 1;
      if (row_ends && row + 1 == ROWS_USED) begin
        up_row <= 0;
        up_for <= 0;
      end else if (PIPELINED == 0 ? row_ends : now == IN_EVALUATE && gone == 0) begin
        if (up_row + 1 < ROWS_USED || PIPELINED == 0) up_row <= up_row + 1;
        up_for <= 0;
      end else up_for <= now == IDLE ? 0 : up_for + 1;
      if (violation == 0) begin
        if (precharge != {MACROS{pins[3]}} || evaluate != {MACROS{pins[2]}}
            || strobe != {MACROS{pins[1]}} || share != {MACROS{pins[0]}}
            || acc_reset != {MACROS{PLANES > 1 && now == IN_PRECHARGE && plane == 0}})
          violation <= PHASE;
        else if (wl != expected_wl) violation <= WORD_LINE;
        else if (BANK > 0 && pins[2] && (dac_n != expected_dac_n || dac_p != expected_dac_p))
          violation <= CODE;
        else if (BANK > 0 && !pins[2] && (dac_n != '0 || dac_p != '0)) violation <= CODE;
      end
    end
endmodule
