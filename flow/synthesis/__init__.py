"""Area and clock of the hardware."""
