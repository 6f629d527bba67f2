"""Which test finds which single fault."""
