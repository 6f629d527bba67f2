"""The testbenches that run a job: bulk, strict, and programming.

Its modules are named in `sim.simulators.job_folder`, which starts them.
"""
