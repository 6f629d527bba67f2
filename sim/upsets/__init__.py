"""The controller alone in one process, with a bench that flips single bits of its registers.

What a host does and what arrays answer is here; which upsets are put in is study's.
"""
