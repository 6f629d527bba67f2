"""The all-digital XNOR-popcount layer that the bridge is compared with."""
