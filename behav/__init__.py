"""The physics of the array, in NumPy, free of any simulator.

`params` holds every figure, `draws` every random number; `devices`, `bridge`, `neuron` and
`comparator` are the physics from the cell outwards; `chip` joins them for the neurons of a layer
and `array` answers for one macro at its pins.
"""
