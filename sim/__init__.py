"""Hardware and physics run together.

`Job` and `simulate` are what users call; the rooms below are this folder's own.
"""
