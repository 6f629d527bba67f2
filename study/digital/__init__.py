"""The bridge beside an all-digital layer."""
