"""Options that several commands share, and how they are read.

An option of one command stands in that command's file.
"""
