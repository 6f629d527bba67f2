"""Artefacts made from the hardware.

Of hardware alone: nothing here knows physics or networks' files.
"""
