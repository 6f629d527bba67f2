"""One layer: the scan of its word lines, its line drivers, read-out, trims and spare rows."""
