"""The rival array: a current-summing crossbar with wires, of the same devices.

`lines` is the form in use, `exact` the solution of the whole network that it is held against.
"""
