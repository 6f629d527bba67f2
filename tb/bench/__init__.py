"""Benches: drivers, monitors and scoreboards that suites share.

A suite drives and watches through these; no test stands here.
"""
