"""The bridge beside a current-summing crossbar."""
