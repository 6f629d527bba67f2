"""Benches: drivers, monitors and scoreboards that suites share."""
