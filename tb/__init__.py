"""cocotb testbenches; run inside a simulator, never by pytest.

Agents of a job, benches, and suites; pytest starts them from tests/tb and tests/sim.
"""
