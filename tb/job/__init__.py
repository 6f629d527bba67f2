"""The testbenches that run a job: bulk, strict, and programming."""
