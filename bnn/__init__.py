"""Binarized networks: files, software reference, mapping onto macros, training."""
