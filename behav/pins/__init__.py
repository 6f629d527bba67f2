"""One macro seen through its pins over time: evaluation, programming, and waveforms.

The rules of the pins are held here; what the comparator says is `behav.chip`'s.
"""
