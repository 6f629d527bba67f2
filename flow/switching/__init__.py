"""Energy that the gates of a netlist take, by their toggles.

It reads netlists and Liberty files; the designs that it drives are layers, not controllers.
"""
