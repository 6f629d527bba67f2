"""One neuron: its capacitive lines, its comparator, and the published error law.

Here a line is a capacitive line; word lines and bit lines are called so.
"""
