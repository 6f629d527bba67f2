"""One chip: what is drawn of it, and what its layers decide."""
