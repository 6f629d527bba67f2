"""Hardware and physics run together."""
