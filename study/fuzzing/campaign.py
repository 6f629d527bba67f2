"""A batch of broken inputs: each is read, and what is neither read nor refused is shrunk."""

import multiprocessing
import random
import resource
import signal
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from ...errors import LONGEST_MESSAGE, InputError
from ...record import ResultPart
from ...shrinking import shrunk
from .mutations import mutated
from .targets import TARGETS, Target

TIME_LIMIT_S = 5.0
"""Of one input; what lasts longer hangs."""
MEMORY_LIMIT = 4 * 2**30
"""Address space of a process that reads, bytes."""
MEMORY_FOLDER = Path("/dev/shm")
"""A folder in memory, where there is one: an input is written, and read once or twice."""
PACKAGE = str(Path(__file__).parents[2])


class Hang(Exception):
    """An input took longer than `TIME_LIMIT_S`."""


class Finding(ResultPart):
    """An input that was neither read nor refused in one line."""

    target: str
    what: str
    """The exception, and the line that raised it."""
    input: str
    """The shrunk input, hexadecimal."""


class BatchResult(ResultPart):
    """What became of a batch."""

    accepted: int
    refused: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Inputs of one target, drawn from one seed."""

    target: str
    seeds: Sequence[bytes]
    number: int
    inputs: int
    seed: int


def read_batch(batch: Batch, targets: Mapping[str, Target] = TARGETS) -> BatchResult:
    """Draw the inputs and read each."""
    if multiprocessing.parent_process() is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, hard))
    target = targets[batch.target]
    refused, findings = 0, dict[str, bytes]()
    memory = MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="popbridge-fuzz-", dir=memory) as folder:
        path = Path(folder) / target.file
        draw = random.Random(f"{batch.seed}, {batch.target}, {batch.number}")
        for _ in range(batch.inputs):
            content = mutated(draw, batch.seeds, target.mutations)
            refusal, what = verdict(target, path, content)
            refused += refusal
            if what is not None and what not in findings:
                findings[what] = shrunk(content, partial(_is_found, target, path, what))
    return BatchResult(
        accepted=batch.inputs - refused - len(findings),
        refused=refused,
        findings=tuple(
            Finding(target=batch.target, what=what, input=content.hex())
            for what, content in findings.items()
        ),
    )


def _is_found(target: Target, path: Path, what: str, content: bytes) -> bool:
    return verdict(target, path, content)[1] == what


def verdict(target: Target, path: Path, content: bytes) -> tuple[bool, str | None]:
    """Whether an input is refused in one line; and what is wrong if it is neither that nor read.

    It holds the interval timer and the handler of SIGALRM meanwhile.
    """
    path.write_bytes(content)

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            target.read(path)
    except InputError as error:
        message = str(error)
        fine = message.isprintable() and 0 < len(message) <= LONGEST_MESSAGE
        return True, None if fine else f"message {message[:80]!r}"
    except BaseException as error:  # what is to be found
        if isinstance(error, KeyboardInterrupt):
            raise
        frames = traceback.extract_tb(error.__traceback__)
        own = [each for each in frames if each.filename.startswith(PACKAGE)]
        last = (own or frames)[-1]
        name = type(error).__name__
        return False, f"{name} in {Path(last.filename).name}, {last.name}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return False, None
