"""Accuracy of many chips, without hardware.

A chip is the unit of work: whole numbers, kept in a journal.
"""
