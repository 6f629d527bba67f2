"""The programs of others, each behind one module.

How a tool is found, run and complains is known here alone.
"""
