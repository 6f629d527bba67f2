"""Results as data: requests in, records out; nothing is parsed or printed here.

A command's request and result stand together; `cli` parses the one and shows the other.
"""
