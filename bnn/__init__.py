"""Binarized networks: files, software reference, mapping onto macros, training.

Of the hardware it knows `hdl.config` alone. A file's format is a promise: add versions.
"""
