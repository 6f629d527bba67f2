"""Suites of tests on the controller alone."""
