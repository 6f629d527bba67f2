"""Accuracy of many chips, without hardware."""
