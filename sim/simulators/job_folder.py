"""The folder through which a job goes into a simulator, and its outcome comes out.

What the process that waits and the one that simulates agree on; below both.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...whole_file import whole_file

JOB_VARIABLE = "POPBRIDGE_JOB"
"""Environment variable: the folder."""
CONFIG_VARIABLE = "POPBRIDGE_CONFIGURATION"
"""Environment variable: the configuration of a component that is tested alone, as JSON."""
JOB_FILE = "job.npz"
OUTCOME_FILE = "outcome.npz"
FAILURE_FILE = "failure.txt"
"""One line on what failed, in place of an outcome."""
PROGRESS_FILE = "progress"
"""One line on what is going on."""
PROGRESS_PERIOD_S = 0.5
JOB_MODULES = {"bulk": "popbridge.tb.job.bulk", "strict": "popbridge.tb.job.strict"}
"""cocotb's modules that run a job, by the testbench's array side."""
SCENARIOS_VARIABLE = "POPBRIDGE_SCENARIOS"
"""Environment variable: how many scenarios are run where nobody planned any; what they meet is
counted then."""
MET_FILE = "met.json"
"""How often scenarios hit each bin."""
SUITES = "popbridge.tb.suites"
"""Package of cocotb's modules that test the controller alone."""


def write_arrays(path: Path, meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write plain data and arrays into one file."""
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    with whole_file(path) as file:
        np.savez(file, meta=text, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return json.loads(arrays.pop("meta").tobytes()), arrays
