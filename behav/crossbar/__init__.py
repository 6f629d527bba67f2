"""The rival array: a current-summing crossbar with wires, of the same devices.

Each weight is a pair of devices on one word line, one on the plus and one on the minus bit line of
its neuron: +1 is low on the plus line and high on the minus one, -1 the reverse. All word lines are
driven at once, with +V for input +1 and -V for input -1; every bit line ends in a virtual ground,
where its current is taken. The neuron's sign says which of its two currents is larger.

Word line k is driven at bit line 0, bit line j is read below the last word line. Both lines have
the wire's resistance from one cell to the next, from the driver to the first cell and from the last
cell to the read-out. The network is linear, so that I_j = sum over k of T_kj V_k: T, the
conductance from every driver to every read-out, says all.
"""
