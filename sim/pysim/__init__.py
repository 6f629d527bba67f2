"""Amaranth's own simulator, always strict.

It needs no compiler and is the reference of the other simulators.
"""
