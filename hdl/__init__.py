"""The hardware, in Amaranth; `popbridge.hdl.config` holds its geometry and timing."""
