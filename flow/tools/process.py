"""How every program of others is started: its environment, its folder, and when it ends."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from ...errors import InputError
from . import guardian

_MEANT_FOR_OTHERS = re.compile(
    # simulators and what they are asked to do
    r"(VERILATOR|COCOTB|GPI|PYGPI|IVERILOG|IVL|VVP|VPI|SYSTEMC)(_\w*)?|LIBPYTHON_LOC"
    r"|MODULE|TESTCASE|TOPLEVEL(_LANG)?|SIM|WAVES|GUI|RANDOM_SEED|PYTEST_CURRENT_TEST"
    # make, the compiler, and every variable that Verilator's makefile looks at
    r"|MAKE\w*|GNUMAKEFLAGS|MFLAGS|VPATH|CC|CXX|CPP|AR|LD|LINK|CFLAGS|CXXFLAGS|CPPFLAGS|ARFLAGS"
    r"|LDFLAGS|LDLIBS|LOADLIBES|TARGET_ARCH|OBJCACHE|CCACHE_\w*|(VM|VK|CFG|OPT)_\w*|PERL|PYTHON3"
    # Yosys, its solvers, ngspice
    r"|(YOSYS|YOWASP|ABC|SBY|SMTBMC|SPICE|NGSPICE|XSPICE)(_\w*)?|PERL5\w*|PERL_\w*"
    # how Python runs; where it finds modules stays
    r"|PYTHON(OPTIMIZE|INSPECT|STARTUP|WARNINGS|DEBUG|VERBOSE|PROFILEIMPORTTIME|TRACEMALLOC"
    r"|BREAKPOINT|INTMAXSTRDIGITS|ASYNCIODEBUG|DEVMODE)"
)
_PLAIN = re.compile(r"[\w./+-]+", re.ASCII)
_OTHER_PLACES = ("/tmp", "/var/tmp", "/dev/shm")


def tool_environment() -> dict[str, str]:
    """The environment without variables that would change what a tool does.

    They were set for something else: what a tool is to do, its arguments say. Where programs and
    libraries are found stays.
    """
    return {
        name: value for name, value in os.environ.items() if not _MEANT_FOR_OTHERS.fullmatch(name)
    }


def run_in(
    folder: Path,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    log: TextIO | None = None,
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, whatever comes of it, with what it prints.

    It and all that it starts end with this call, be it by an exception or by the end of this
    process, and hear nothing of a Ctrl-C in the terminal: that is this process's to answer.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Without it, `tool_environment`.
    log : TextIO, optional
        Where all that it prints goes, instead of into the result.
    timeout_s : float, optional
        Raises subprocess.TimeoutExpired after that time.
    """
    words = [sys.executable, "-I", "-S", guardian.__file__, *command]
    listens, speaks = os.pipe()
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=tool_environment() if environment is None else environment,
            stdin=listens,
            stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT if log else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        try:
            out, err = process.communicate(timeout=timeout_s)
        except BaseException:
            # Its children hold its output: nothing may be left before that is waited for.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
    finally:
        os.close(listens)
        os.close(speaks)
    return subprocess.CompletedProcess(command, process.returncode, out or "", err or "")


def is_plain(path: Path) -> bool:
    """Whether make, perl and a shell read a path as one word: no space, nothing beyond ASCII."""
    return _PLAIN.fullmatch(str(path)) is not None


@contextlib.contextmanager
def plain_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder whose path is plain, wherever the user's temporary files go.

    Raises
    ------
    InputError
        There is no place for one.
    """
    places = [tempfile.gettempdir(), *_OTHER_PLACES]
    place = next((place for place in places if is_plain(Path(place)) and _usable(place)), None)
    if place is None:
        raise InputError(
            f"found no folder for temporary files but {places[0]!r}, expected TMPDIR to name one "
            "without spaces or letters beyond ASCII"
        )
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _usable(place: str) -> bool:
    return os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)
