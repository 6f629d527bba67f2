"""The physics of the array, in NumPy, free of any simulator."""
