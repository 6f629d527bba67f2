"""The folder through which a job goes into a simulator, and its outcome comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...whole_file import whole_file


def write_arrays(path: Path, meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    with whole_file(path) as file:
        np.savez(file, meta=text, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return json.loads(arrays.pop("meta").tobytes()), arrays


JOB_VARIABLE = "POPBRIDGE_JOB"
"""Environment variable: the folder with ``job.npz``, where ``outcome.npz`` goes."""
PROGRESS_FILE = "progress"
"""In that folder: one line on what is going on."""
PROGRESS_PERIOD_S = 0.5
