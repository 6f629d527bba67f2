"""One macro seen through its pins over time: evaluation, programming, and waveforms."""
