"""Verilog simulators: a build that is kept, and a job that runs in it.

Nothing here changes the process it runs in; a new simulator is added here.
"""
