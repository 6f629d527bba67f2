"""Verilog simulators: a build that is kept, and a job that runs in it."""
