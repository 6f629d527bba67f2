"""Energy that the gates of a netlist take, by their toggles."""
