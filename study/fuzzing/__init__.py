"""Inputs that are broken on purpose, and what the readers make of them.

A new reader joins by a line in `targets.TARGETS`.
"""
