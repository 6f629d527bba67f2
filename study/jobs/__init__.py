"""Long work: shared out to processes, kept, and resumed.

It knows nothing of what the work is.
"""
