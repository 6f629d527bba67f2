"""One layer: the scan of its word lines, its line drivers, read-out, trims and spare rows.

To change the order of phases, what a macro's lines do, or how a neuron is read, work here.
"""
