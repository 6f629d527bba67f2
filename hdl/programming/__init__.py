"""The programmer: steps, pulses, rows, and the model that hardware is held to."""
