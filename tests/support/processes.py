"""What runs below a process, seen in /proc."""

import signal
import time
from pathlib import Path


def hear_interrupts():
    """In a process that begins: Ctrl-C counts, though a shell's background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def of_process(number, what):
    """A file of /proc; empty if the process has gone, be it while the file was read."""
    try:
        return Path(f"/proc/{number}/{what}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_program(number, name):
    """Whether a process runs it; the name may be in the arguments of others, too."""
    return Path(of_process(number, "cmdline").partition("\0")[0]).name == name


def running(number):
    """Whether a process is there and no zombie, which only its new parent could remove."""
    state = of_process(number, "stat").rpartition(")")[2].split()
    return bool(state) and state[0] != "Z"


def descendants(number):
    """The processes that a process has started, and those that they have."""
    children = [
        child
        for task in Path(f"/proc/{number}/task").glob("*")
        for child in of_process(number, f"task/{task.name}/children").split()
    ]
    return children + [each for child in children for each in descendants(child)]


def await_one(number, name, limit_s=120.0):
    """All descendants of a process, once one of them runs a program."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = descendants(number)
        if any(is_program(each, name) for each in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {name} within {limit_s} s")


def await_end(numbers, limit_s=10.0):
    """Wait until none of them runs."""
    deadline = time.monotonic() + limit_s
    while left := [number for number in numbers if running(number)]:
        assert time.monotonic() < deadline, [of_process(each, "cmdline") for each in left]
        time.sleep(0.05)
