"""A digest of the project's own code: the key of what is kept from one run to the next."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from importlib.metadata import version


@functools.cache
def source_digest(folders: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Digest of the Python files of some folders and of the versions of some libraries."""
    digest = hashlib.sha256(" ".join(version(name) for name in libraries).encode())
    for folder in folders:
        files = resources.files(f"popbridge.{folder}").iterdir()
        for file in sorted(files, key=lambda item: item.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()
