"""Who talks to the controller's ports: programming, calibration, registers.

A host is written once over `ports`, whatever simulates them.
"""
