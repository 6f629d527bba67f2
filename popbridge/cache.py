"""What is kept from one run to the next: in which folder, and by what code it was made."""

import errno
import functools
import os
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from . import __path__ as installed
from . import __version__
from .errors import InputError

BYTECODE = "__pycache__"


def cache_folder(chosen: Path | None = None) -> Path:
    """The folder of simulator builds and controllers, made if it is not there.

    Parameters
    ----------
    chosen : Path, optional
        Taken instead of the user's own cache.

    Raises
    ------
    InputError
        There is no home folder, or the folder cannot be written to.
    """
    advice = "expected a folder that can be written to: choose one with --cache PATH"
    try:
        folder = chosen or platformdirs.user_cache_path("popbridge", appauthor=False)
    except RuntimeError:
        raise InputError(f"found no home folder, {advice}") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(f"{folder}: found {error.strerror}, {advice}") from None
    return folder


def package_folders() -> Iterator[tuple[str, Path]]:
    """Name within the package and folder of everything that is installed of it.

    A wheel has its subpackages within its folder, an editable install beside it.
    """
    for root in map(Path, installed):
        yield "", root
        for beside in sorted(root.parent.glob("*/__init__.py")):
            name = beside.parent.name
            spec = find_spec(f"popbridge.{name}")
            for folder in (spec and spec.submodule_search_locations) or ():
                yield name, Path(folder)


@functools.cache
def source_digest(*libraries: str) -> str:
    """Digest of every file of the package, of its version and of those of some libraries.

    Of every file: whatever takes part in a result, a module, a template or a table, a result that
    is kept was made by exactly this code.
    """
    from .digest import digest_of  # with NumPy, which commands that print a line do without

    files = {
        Path(name, path.relative_to(folder)).as_posix(): path
        for name, folder in package_folders()
        for path in folder.rglob("*")
        if path.is_file() and BYTECODE not in path.parts
    }
    versions = {library: version(library) for library in libraries}
    contents = {name: path.read_bytes() for name, path in files.items()}
    return digest_of(__version__, versions, contents)
