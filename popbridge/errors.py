"""What popbridge raises when something given is wrong, a tool fails, or hardware breaks a rule."""


class PhaseError(RuntimeError):
    """The pins break the array's protocol. The message says what, where and when."""


class ToolError(RuntimeError):
    """A tool of the flow stopped; the message is its own first complaint."""


class InputError(ValueError):
    """Something a user gave is wrong. The message is one line: what was found, what was expected,
    where."""


class SimulationError(RuntimeError):
    """The simulation ran and failed: one line on what the hardware did, or where the log is."""


class HardwareFault(RuntimeError):
    """The hardware did not do what it must; one line that names the first faults."""
