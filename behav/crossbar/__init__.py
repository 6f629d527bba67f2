"""The rival array: a current-summing crossbar with wires."""
