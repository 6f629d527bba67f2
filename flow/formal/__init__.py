"""Proofs: of scans, buses, programming and upsets; and the mutants that they find.

A property is added to its design's file; names of proofs are what `formal --json` lists.
"""
