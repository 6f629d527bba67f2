"""What is written of the hardware: SystemVerilog, black boxes, registers, constraints.

The text that is simulated, proven, synthesised and handed over is made here, once.
"""
