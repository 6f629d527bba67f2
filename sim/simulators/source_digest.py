"""A digest of the project's own code: the key of what is kept from one run to the next."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from typing import Any


@functools.cache
def source_digest(folders: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Digest of all files below some folders and of the versions of some libraries."""
    digest = hashlib.sha256(" ".join(version(name) for name in libraries).encode())
    for folder in folders:
        _update(digest, resources.files(f"popbridge.{folder}"))
    return digest.hexdigest()


def _update(digest: Any, folder: Traversable) -> None:
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.is_dir() and file.name != "__pycache__":
            _update(digest, file)
        elif file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
