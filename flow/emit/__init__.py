"""What is written of the hardware: SystemVerilog, black boxes, registers, constraints."""
