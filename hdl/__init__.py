"""The hardware, in Amaranth; `popbridge.hdl.config` holds its geometry and timing.

It imports the ground only. Ports, register addresses and latencies are what users build on.
"""
