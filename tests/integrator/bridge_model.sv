// An ideal array in place of a black box of popbridge_macro_top, from docs/hardware.md: it finds the
// cells of its own layer and macro in popbridge_cells.csv by its place in the design.
module bridge_model #(
    parameter ROWS = 1,
    parameter COLUMNS = 1,
    parameter BANK = 1
) (
    input [ROWS-1:0] wl,
    input [COLUMNS-1:0] bl, blb,
    input precharge, evaluate, strobe,
    input [BANK-1:0] dac_p, dac_n,
    output sense_p, sense_n
);
  // Column 0 is the leftmost digit of a line; shorter lines end at the right.
  reg [0:COLUMNS-1] cells[0:ROWS-1];
  reg [0:COLUMNS-1] digits;
  reg [8*1000:1] titles;
  string place;
  integer file, skipped, found, layer, macro, own_layer, own_macro, row, neuron;

  initial begin
    place = $sformatf("%m");
    // %d takes the underscore after the digits, too: it may stand in a number.
    found = $sscanf(place, "popbridge_macro_top.layer%dmacro%d", own_layer, own_macro);
    if (found != 2) $fatal(1, "found no layer and macro in %m");
    file = $fopen("popbridge_cells.csv", "r");
    skipped = $fgets(titles, file);
    while ($fscanf(file, "layer%d,%d,%d,%d,%b\n", layer, macro, row, neuron, digits) == 5)
      if (layer == own_layer && macro == own_macro) cells[row] = digits;
    $fclose(file);
  end

  integer sum, line, unused, j;
  reg listening;
  initial listening = 0;
  always @(posedge evaluate) begin
    sum = 0;
    line = 0;
    unused = COLUMNS;
    listening = wl != 0;
    for (j = 0; j < ROWS; j = j + 1) if (wl[j]) line = j;
    for (j = 0; j < COLUMNS; j = j + 1) unused = unused - (bl[j] ^ blb[j]);
    for (j = 0; j < COLUMNS - unused; j = j + 1)
      sum = sum + (cells[line][j+unused] == bl[j] ? 1 : -1);
  end

  wire signed [31:0] seen = sum + $signed({1'b0, dac_p}) - $signed({1'b0, dac_n});
  assign sense_p = strobe && listening && seen > 0;
  assign sense_n = strobe && listening && seen < 0;
endmodule
