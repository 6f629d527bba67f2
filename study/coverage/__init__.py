"""What of the hardware the suites reach: lines, branches, edges, and what scenarios meet.

What is not reached has to stand in `unreached.toml`, with a reason; docs/coverage.md.
"""
