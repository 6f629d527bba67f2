"""The programmer: steps, pulses, rows, and the model that hardware is held to.

The plan of steps is data; hardware and model read it, a test has it by hand.
"""
