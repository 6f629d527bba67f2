"""The control bus, its registers, and the packets of streams."""
