"""Waveform files: pins from the simulator, analog lines from the chip."""
