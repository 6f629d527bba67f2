"""What popbridge raises when something given is wrong, a tool fails, or hardware breaks a rule."""

LONGEST_MESSAGE = 1000
"""Characters of a message; of a longer one the middle is left out."""
_LEFT_OUT = " ... "


def printable(text: str) -> str:
    """A message as one line that any terminal shows: what cannot be printed is escaped.

    File names may hold line ends, control characters and bytes that are no UTF-8; what is found in
    a file may be of any length.
    """
    if len(text) > LONGEST_MESSAGE:
        end = LONGEST_MESSAGE // 3
        text = f"{text[: LONGEST_MESSAGE - end - len(_LEFT_OUT)]}{_LEFT_OUT}{text[-end:]}"
    if text.isprintable():
        return text
    escaped = (each if each.isprintable() else ascii(each)[1:-1] for each in text)
    # Escapes are longer than what they stand for: what is cut again has none left.
    return printable("".join(escaped))


class PhaseError(RuntimeError):
    """The pins break the array's protocol. The message says what, where and when."""


class ToolError(RuntimeError):
    """A tool of the flow stopped; the message is its own first complaint."""


class InputError(ValueError):
    """Something a user gave is wrong. The message is one line: what was found, what was expected,
    where; whatever is in it, it is made `printable`."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class SimulationError(RuntimeError):
    """The simulation ran and failed: one line on what the hardware did, or where the log is."""


class HardwareFault(RuntimeError):
    """The hardware did not do what it must; one line that names the first faults."""
