"""Which test finds which single fault.

Which suites attack a design is in `designs`; verdicts are kept in a journal.
"""
