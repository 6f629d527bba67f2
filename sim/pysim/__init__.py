"""Amaranth's own simulator, always strict."""
