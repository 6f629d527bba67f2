// The testbench's drivers: packets of a stream, and accesses of the control bus.
// Python asks by toggling, and is woken by the toggle that follows.

module packet_driver #(
    parameter integer BEATS = 1,               // of the longest packet
    parameter integer WIDTH = 32
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic [BEATS*WIDTH-1:0] packet,     // first beat lowest
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
  logic                   finishing;

  assign tvalid = left != 0;
  assign tlast = left == 1;
  assign tdata = held[WIDTH-1:0];
  assign finishing = left == 0 || (left == 1 && tready);

  always_ff @(posedge clk)
    if (rst) begin
      left <= 0;
      taken <= 0;
    end else if (finishing && offered != taken) begin
      held <= packet;
      left <= beats;
      taken <= offered;
    end else if (tvalid && tready) begin
      held <= held >> WIDTH;
      left <= left - 1;
    end
endmodule

module bus_driver #(
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
    output logic [ADDRESS-1:0] awaddr,
    output logic [2:0]         awprot,
    output logic               awvalid,
    input  logic               awready,
    output logic [31:0]        wdata,
    output logic [3:0]         wstrb,
    output logic               wvalid,
    input  logic               wready,
    input  logic [1:0]         bresp,
    input  logic               bvalid,
    output logic               bready,
    output logic [ADDRESS-1:0] araddr,
    output logic [2:0]         arprot,
    output logic               arvalid,
    input  logic               arready,
    input  logic [31:0]        rdata,
    input  logic [1:0]         rresp,
    input  logic               rvalid,
    output logic               rready
);
  logic waiting;                               // for an answer
  assign awaddr = address;
  assign araddr = address;
  assign wdata = data;
  assign wstrb = '1;
  assign {awprot, arprot} = '0;
  assign bready = waiting;
  assign rready = waiting;

  always_ff @(posedge clk)
    if (rst) begin
      answered <= 0;
      awvalid <= 0;
      wvalid <= 0;
      arvalid <= 0;
      waiting <= 0;
    end else if (!waiting && asked != answered) begin
      awvalid <= writes;
      wvalid <= writes;
      arvalid <= !writes;
      waiting <= 1;
    end else begin
      if (awready) awvalid <= 0;
      if (wready) wvalid <= 0;
      if (arready) arvalid <= 0;
      if (waiting && (bvalid || rvalid)) begin
        waiting <= 0;
        answered <= asked;
        read_data <= rdata;
        response <= bvalid ? bresp : rresp;
      end
    end
endmodule
