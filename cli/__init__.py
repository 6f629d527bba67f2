"""The command line; one file per command.

A command parses, asks `study`, and shows; nothing is computed here.
"""
