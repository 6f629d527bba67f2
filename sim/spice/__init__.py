"""Netlists for ngspice, and how far the model is from it."""
