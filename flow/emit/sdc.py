"""Timing constraints in SDC: one source for synthesis, static timing and layout."""

from collections.abc import Sequence

CLOCK = "clk"
"""The clock's port and its name in the constraints."""
IO_DELAY_FRACTION = 0.2
"""Share of the clock period that is left outside, before each input and after each output."""
SENSE_DELAY_FRACTION = 0.5
"""The same before a comparator's output: its own decision ends within the strobe's last cycle."""
OUTPUT_LOAD_PF = 0.05
"""Load of each output, pF: a few gates. The array's own line drivers are part of the hard macro."""


def inputs_by_source(inputs: Sequence[str]) -> dict[str, tuple[list[str], float]]:
    """Inputs that come from a comparator, and others, each with the share of the period outside."""
    senses = [name for name in inputs if name.endswith(("sense_p", "sense_n"))]
    others = [name for name in inputs if name not in senses]
    return {"inputs": (others, IO_DELAY_FRACTION), "senses": (senses, SENSE_DELAY_FRACTION)}


def constraints(
    module: str, clock_period_ps: float, inputs: Sequence[str], outputs: Sequence[str]
) -> str:
    """The constraints of a module with one clock.

    No path is excepted: phase times may be written while the controller runs and are taken by the
    very next scan, reset is synchronous, and everything else is data of this clock.

    Parameters
    ----------
    module : str
        Its name, for the title.
    clock_period_ps : float
        Period of its clock, ps.
    inputs, outputs : sequence of str
        Names of its ports, the clock aside. Inputs called ``..._sense_p`` and ``..._sense_n`` come
        from comparators.
    """
    period_ns = clock_period_ps / 1000
    lines = [
        f"# Constraints of {module} by popbridge: times in ns, loads in pF. No path is excepted.",
        "# For read_sdc once the netlist is linked, its libraries in the same units.",
        f"create_clock -name {CLOCK} -period {period_ns:.4f} [get_ports {CLOCK}]",
    ]
    delays = [("set_input_delay", *group) for group in inputs_by_source(inputs).values()]
    for command, names, fraction in (*delays, ("set_output_delay", outputs, IO_DELAY_FRACTION)):
        delay = f"{command} {fraction * period_ns:.4f} -clock {CLOCK}"
        lines += [f"{delay} [get_ports {name}]" for name in names]
    lines += [f"set_load {OUTPUT_LOAD_PF} [get_ports {name}]" for name in outputs]
    return "\n".join(lines) + "\n"
