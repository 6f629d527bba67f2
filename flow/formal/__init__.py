"""Proofs: of scans, buses, programming and upsets; and the mutants that they find."""
