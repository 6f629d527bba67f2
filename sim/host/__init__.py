"""Who talks to the controller's ports: programming, calibration, registers."""
