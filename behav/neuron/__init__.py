"""One neuron: capacitive lines, comparator, offset calibration, and error laws."""
