// The testbench's monitors: packets of results, and how long things take.

module packet_monitor #(
    parameter integer BEATS = 1,
    parameter integer WIDTH = 32
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic [WIDTH-1:0]       tdata,
    input  logic                   tvalid,
    input  logic                   tlast,
    output logic                   tready,
    output logic [BEATS*WIDTH-1:0] packet,    // first beat lowest
    output logic                   arrived,   // toggled for each packet of the right length
    output logic                   broken     // a packet ended early or late
);
  logic [31:0] count;
  assign tready = 1'b1;

  always_ff @(posedge clk)
    if (rst) begin
      count <= 0;
      arrived <= 0;
      broken <= 0;
    end else if (tvalid) begin
      packet <= (BEATS*WIDTH)'({tdata, packet} >> WIDTH);
      count <= tlast ? 0 : count + 1;
      if (tlast != (count + 1 == BEATS)) broken <= 1;
      if (tlast) arrived <= ~arrived;
    end
endmodule

// Shortest, longest and number of intervals between events, in clock cycles.
module interval_meter (
    input  logic        clk,
    input  logic        rst,
    input  logic        begins,   // in the interval's first cycle
    input  logic        ends,     // in the interval's last cycle
    output logic [31:0] shortest,
    output logic [31:0] longest,
    output logic [31:0] first,
    output logic [31:0] count
);
  logic [31:0] running, total;
  assign total = begins ? 1 : running + 1;

  always_ff @(posedge clk)
    if (rst) begin
      running <= 0;
      shortest <= '1;
      longest <= 0;
      first <= 0;
      count <= 0;
    end else begin
      running <= total;
      if (ends) begin
        count <= count + 1;
        if (count == 0) first <= total;
        if (total < shortest) shortest <= total;
        if (total > longest) longest <= total;
      end
    end
endmodule
