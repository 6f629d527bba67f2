"""The physics of the array in NumPy, free of any simulator, from the cell outwards.

`parameters` and `conditions` hold every number with its source, `draws` every random one; `cell`,
`neuron` and `chip` are the physics, and `chip.drawn` the one place where a layer is drawn; `pins`,
`energy` and `crossbar` look at what is drawn. Knows array groups and evaluation numbers only: what
an image is, is its layer kind's matter.
"""
