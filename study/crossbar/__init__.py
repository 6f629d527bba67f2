"""The bridge beside a current-summing crossbar.

The rival's circuit is in `behav.crossbar`; here are the sweeps.
"""
