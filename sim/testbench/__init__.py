"""The simulated testbench in SystemVerilog, and what fills it in.

It checks pins independently of the hardware's own code: do not share with `hdl.layer`.
"""
