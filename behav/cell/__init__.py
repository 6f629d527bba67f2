"""One cell: its devices, its inverter, how it settles, and its bit error rate in theory.

Laws of devices are added in `device_laws`; what draws them in `devices`.
"""
