"""Suites of tests on the controller alone.

Tests and mutation campaigns run them by name: add tests, keep names.
"""
