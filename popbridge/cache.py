"""What is kept from one run to the next: in which folder, and by what code it was made."""

import contextlib
import errno
import functools
import hashlib
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from . import __path__ as installed
from . import __version__
from .errors import InputError

_LOG = logging.getLogger(__name__)
BYTECODE = "__pycache__"


def cache_folder(chosen: Path | None = None) -> Path:
    """The folder of simulator builds and controllers, made if it is not there.

    Parameters
    ----------
    chosen : Path, optional
        Taken instead of the user's own cache. Where there is none, or it cannot be written to, a
        temporary folder takes its place, and a warning says so.

    Raises
    ------
    InputError
        The chosen folder, or the temporary one, cannot be written to.
    """
    if chosen is not None:
        return _writable(chosen)
    try:
        return _writable(platformdirs.user_cache_path("popbridge", appauthor=False))
    except RuntimeError:
        return temporary_instead("no home folder")
    except InputError as error:
        return temporary_instead(str(error).partition(", expected")[0])


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(
            f"{folder}: found {error.strerror}, expected a folder that can be written to: choose "
            "one with --cache PATH"
        ) from None
    return folder


@functools.cache
def temporary_instead(reason: str) -> Path:
    """A folder for temporary files that is this user's alone; says once why it is taken."""
    private = Path(tempfile.gettempdir(), f"popbridge-{os.getuid()}")
    with contextlib.suppress(OSError):
        private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise InputError(
            f"{private}: found something of another user's, expected a folder for caches: choose "
            "one with --cache PATH"
        )
    folder = _writable(private / "popbridge")
    _LOG.warning("%s: what is built is kept in %s", reason, folder)
    return folder


def kept_digest(path: Path) -> Path:
    """Where the digest of a cached file is kept: beside it."""
    return path.with_name(f"{path.name}.sha256")


def seal(path: Path) -> None:
    """Keep the digest of a cached file, by which `is_whole` knows it again."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    kept_digest(path).write_text(found, encoding="ascii")


def is_whole(path: Path) -> bool:
    """Whether a cached file is what it was when it was sealed."""
    try:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return kept_digest(path).read_bytes() == found.encode()
    except OSError:
        return False


def clear(path: Path) -> None:
    """Whatever is there, a file, a link or a folder, goes."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
