"""Netlists for ngspice, and how far the model is from it.

A netlist is made from a drawn row; bounds of the comparison are stated in `check`.
"""
