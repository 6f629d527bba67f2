"""One cell: its devices, its bridge, how it settles, and its bit error rate in theory."""
