"""The simulated testbench in SystemVerilog, and what fills it in."""
