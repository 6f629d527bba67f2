"""The control bus, its registers, and the packets of streams.

It knows nothing of layers: a register is added in `controller` or `programming`, not here.
"""
