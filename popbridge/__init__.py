"""popbridge: binarized neural networks on ReRAM bridge macros, from network to Verilog."""

from importlib.metadata import version

__version__ = version("popbridge")
