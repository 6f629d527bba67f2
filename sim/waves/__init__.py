"""Waveform files: pins from the simulator, analog lines from the chip.

Lines are computed after the run: nothing feeds back.
"""
