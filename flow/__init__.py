"""Artefacts made from the hardware."""
