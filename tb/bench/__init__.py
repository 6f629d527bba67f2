"""Benches: drivers, monitors and ledgers that suites share."""
