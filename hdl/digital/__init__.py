"""The all-digital XNOR-popcount layer that the bridge is compared with.

It exists to be compared with: `flow.formal.equivalence` proves that it decides alike.
"""
