"""Area and clock of the hardware.

Scripts and their reading; which block an area counts to is in `designs`.
"""
