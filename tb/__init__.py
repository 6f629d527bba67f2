"""cocotb testbenches; run inside a simulator, never by pytest."""
