// The host's end of programming in simulation: packets of weights, and the control bus.
// Python asks by toggling; it is woken by the toggle that follows.

module packet_source #(
    parameter integer BEATS = 1,               // of the longest packet
    parameter integer WIDTH = 32
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic [BEATS*WIDTH-1:0] packet,
    input  logic [31:0]            beats,      // of this packet
    input  logic                   offered,    // toggled for each packet offered
    output logic                   taken,      // follows `offered` once the packet is held here
    output logic [WIDTH-1:0]       tdata,
    output logic                   tvalid,
    output logic                   tlast,
    input  logic                   tready
);
  logic [BEATS*WIDTH-1:0] held;
  logic [31:0]            left;

  assign tvalid = left != 0;
  assign tlast = left == 1;
  assign tdata = held[WIDTH-1:0];

  always_ff @(posedge clk)
    if (rst) begin
      left <= 0;
      taken <= 0;
    end else if (left == 0 && offered != taken) begin
      held <= packet;
      left <= beats;
      taken <= offered;
    end else if (tvalid && tready) begin
      held <= held >> WIDTH;
      left <= left - 1;
    end
endmodule

module bus_master #(
    parameter integer ADDRESS = 12
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               asked,          // toggled for each access
    input  logic               writes,
    input  logic [ADDRESS-1:0] address,
    input  logic [31:0]        data,
    output logic               answered,       // follows `asked` once the answer is here
    output logic [31:0]        read_data,
    output logic [1:0]         response,
    output logic               awvalid,
    output logic               wvalid,
    output logic               arvalid,
    output logic               ready,          // for both answers
    input  logic               awready,
    input  logic               wready,
    input  logic               arready,
    input  logic               bvalid,
    input  logic               rvalid,
    input  logic [1:0]         bresp,
    input  logic [1:0]         rresp,
    input  logic [31:0]        rdata
);
  always_ff @(posedge clk)
    if (rst) begin
      answered <= 0;
      awvalid <= 0;
      wvalid <= 0;
      arvalid <= 0;
      ready <= 0;
    end else if (!ready && asked != answered) begin
      awvalid <= writes;
      wvalid <= writes;
      arvalid <= !writes;
      ready <= 1;
    end else begin
      if (awready) awvalid <= 0;
      if (wready) wvalid <= 0;
      if (arready) arvalid <= 0;
      if (ready && (bvalid || rvalid)) begin
        ready <= 0;
        answered <= asked;
        read_data <= rdata;
        response <= bvalid ? bresp : rresp;
      end
    end
endmodule
