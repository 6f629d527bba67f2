// What a calibration needs beside the images' testbench: the bus master that asks for it, and the
// arrays' side of it.

// Stops the controller, has it calibrate, reads the trims, starts it. Idle without `wanted`.
module calibration_host #(
    parameter integer ADDRESS_BITS = 12,
    parameter integer TRIMS = 1,                     // registers, at successive addresses
    parameter integer FIRST_TRIM = 0,
    parameter integer CONTROL = 0,
    parameter integer INTERRUPT_ENABLE = 0,
    parameter integer INTERRUPT_STATUS = 0,
    parameter integer START = 0,                     // bits of CONTROL
    parameter integer STOP = 0,
    parameter integer CALIBRATE = 0,
    parameter integer CALIBRATED = 0,                // bit of the interrupt registers
    parameter integer IRQ_DELAY = 0                  // cycles from a calibration's end to irq
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    wanted,
    input  logic                    irq,
    input  logic                    precharge,
    output logic                    calibrated,      // the controller runs again
    output logic [TRIMS*32-1:0]     trims,
    output logic [31:0]             cycles,          // of the calibration
    output logic [ADDRESS_BITS-1:0] awaddr,
    output logic                    awvalid,
    input  logic                    awready,
    output logic [31:0]             wdata,
    output logic                    wvalid,
    input  logic                    wready,
    input  logic                    bvalid,
    output logic [ADDRESS_BITS-1:0] araddr,
    output logic                    arvalid,
    input  logic                    arready,
    input  logic [31:0]             rdata,
    input  logic                    rvalid
);
  localparam logic [2:0] BEGIN = 0, WRITE = 1, WAIT = 2, BEGIN_READ = 3, READ = 4, DONE = 5;
  logic [2:0]  state, order;
  logic [31:0] read;
  logic        running;

  always_ff @(posedge clk)
    if (rst) begin
      state <= BEGIN;
      order <= 0;
      read <= 0;
      running <= 0;
      calibrated <= 0;
      trims <= '0;
      cycles <= 0;
      awvalid <= 0;
      wvalid <= 0;
      arvalid <= 0;
    end else begin
      // From precharge's first cycle to irq's first one.
      if (precharge) running <= 1;
      if ((precharge || running) && !irq && state == WAIT) cycles <= cycles + 1;
      case (state)
        BEGIN:
          if (wanted) begin
            state <= WRITE;
            awvalid <= 1;
            wvalid <= 1;
            case (order)
              0: begin awaddr <= ADDRESS_BITS'(CONTROL);          wdata <= STOP;       end
              1: begin awaddr <= ADDRESS_BITS'(INTERRUPT_ENABLE); wdata <= CALIBRATED; end
              2: begin awaddr <= ADDRESS_BITS'(CONTROL);          wdata <= CALIBRATE;  end
              3: begin awaddr <= ADDRESS_BITS'(INTERRUPT_STATUS); wdata <= CALIBRATED; end
              4: begin awaddr <= ADDRESS_BITS'(INTERRUPT_ENABLE); wdata <= 0;          end
              default: begin awaddr <= ADDRESS_BITS'(CONTROL);    wdata <= START;      end
            endcase
          end
        WRITE: begin
          if (awready) awvalid <= 0;
          if (wready) wvalid <= 0;
          if (bvalid) begin
            order <= order + 1;
            state <= order == 2 ? WAIT : order == 4 ? BEGIN_READ : order == 5 ? DONE : BEGIN;
          end
        end
        WAIT:
          if (irq) begin
            cycles <= cycles - IRQ_DELAY;
            state <= BEGIN;
          end
        BEGIN_READ: begin
          araddr <= ADDRESS_BITS'(FIRST_TRIM + 4 * read);
          arvalid <= 1;
          state <= READ;
        end
        READ: begin
          if (arready) arvalid <= 0;
          if (rvalid) begin
            trims[read*32 +: 32] <= rdata;
            read <= read + 1;
            state <= read + 1 == TRIMS ? BEGIN : BEGIN_READ;
          end
        end
        default: calibrated <= 1;
      endcase
    end
endmodule

// Stands in for the arrays of a layer while it calibrates, and holds every pin, every clock cycle,
// against the search that its own answers ask for. Pins lie side by side, array 0 lowest.
module calibration_replay #(
    parameter integer MACROS = 1,
    parameter integer ROWS = 1,                      // word lines of an array
    parameter integer BANK = 1,                      // bits of the capacitor bank
    parameter integer BITS = 1,                      // of them, those that are searched over
    parameter integer STROBES = 1,                   // of a step
    parameter integer PRECHARGE = 1,                 // clock cycles of each phase
    parameter integer DEAD_BEFORE_EVALUATE = 1,
    parameter integer EVALUATE = 1,
    parameter integer STROBE = 1,
    parameter integer SETTLE = 1,
    parameter integer DEAD_AFTER_STROBE = 1
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
  localparam logic [3:0] PHASE = 1, WORD_LINE = 2, CODE = 4;
  localparam logic [2:0] IDLE = 0, IN_PRECHARGE = 1, IN_DEAD_BEFORE = 2, IN_EVALUATE = 3,
                         IN_STROBE = 4, IN_SETTLE = 5, IN_DEAD_AFTER = 6;
  logic [2:0]  state, now, next_state, pins;
  logic [31:0] gone, length, step, cast;
  logic        ends, last_cast, step_ends;

  assign now = state == IDLE && expected && idle && precharge[0] && wl == '0 ? IN_PRECHARGE : state;
  assign active = now != IDLE;
  assign last_cast = cast + 1 == STROBES;

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
    ends = active && gone + 1 >= length;
    step_ends = ends && (now == IN_DEAD_AFTER
                         || (now == IN_STROBE && last_cast && DEAD_AFTER_STROBE == 0));
    next_state = now;
    if (step_ends) next_state = step == BITS ? IDLE : IN_PRECHARGE;
    else if (ends)
      case (now)
        IN_PRECHARGE: next_state = DEAD_BEFORE_EVALUATE > 0 ? IN_DEAD_BEFORE : IN_EVALUATE;
        IN_DEAD_BEFORE: next_state = IN_EVALUATE;
        IN_EVALUATE: next_state = IN_STROBE;
        IN_STROBE: next_state = last_cast ? IN_DEAD_AFTER : IN_SETTLE;
        default: next_state = IN_STROBE;
      endcase
  end

  // The answers of this strobe, in its last cycle.
  logic [MACROS-1:0] of_strobe, is_resolved, above, below;
  assign of_strobe = positive[(step*STROBES + cast)*MACROS +: MACROS];
  assign is_resolved = resolved[(step*STROBES + cast)*MACROS +: MACROS];
  always_ff @(negedge clk) begin
    above <= '0;
    below <= '0;
    if (now == IN_STROBE && ends) begin
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
        end else if (ends && now == IN_STROBE) begin
          favourable <= last_cast ? 0 : counted;
          if (last_cast && step == 0) begin
            pushes_down <= counted > STROBES / 2;
            found <= '0;
          end else if (last_cast && pushes_down == (counted > STROBES / 2)) found <= tried;
        end
    end
  endgenerate

  always_ff @(posedge clk)
    if (rst) begin
      state <= IDLE;
      gone <= 0;
      step <= 0;
      cast <= 0;
      violation <= 0;
    end else begin
      state <= next_state;
      gone <= ends || next_state == IDLE ? 0 : gone + 1;
      if (ends && now == IN_STROBE) cast <= last_cast ? 0 : cast + 1;
      if (step_ends) step <= step == BITS ? 0 : step + 1;
      if (violation == 0 && active) begin
        if (precharge != {MACROS{pins[2]}} || evaluate != {MACROS{pins[1]}}
            || strobe != {MACROS{pins[0]}}) violation <= PHASE;
        else if (wl != '0) violation <= WORD_LINE;
        else if (dac_p != (pins[1] ? tried_p : '0) || dac_n != (pins[1] ? tried_n : '0))
          violation <= CODE;
      end
    end
endmodule
