"""The command line as a process: interrupted, cut off, in a foreign encoding, from a script."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from support.processes import await_end, await_one, hear_interrupts

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main

LINE = (sys.executable, "-m", "popbridge")
INTERRUPTED_AT = """
import signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
"""
SLOW_COMPILER = """#!/bin/sh
[ "$1" = -V ] && echo 'Icarus Verilog version 12' && exit
sleep 99
"""
NO_GUARD = """
from popbridge.cli.main import main
print(main(["accuracy", "small.npz", "--data", "labelled.npz", "--chips", "3", "--workers", "2"]))
"""


@pytest.fixture
def small(tmp_path, make_network, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_network(make_network((9, 6, 3)), tmp_path / "small.npz")
    draw = np.random.default_rng(2)
    images = draw.integers(0, 256, (10, 9), dtype=np.uint8)
    np.savez(tmp_path / "labelled.npz", images=images, labels=draw.integers(0, 3, 10))
    return "small.npz"


def run(*words, **variables):
    return subprocess.run(
        [*LINE, *words], capture_output=True, env=os.environ | variables, check=False,
        preexec_fn=hear_interrupts,
    )  # fmt: skip


@pytest.mark.parametrize(
    "module",
    ["popbridge.cli", "popbridge.cli.main", "argparse", "popbridge.cli.run", "numpy", "amaranth"],
)
def test_an_interrupted_import_is_one_line(module, small, tmp_path):
    (tmp_path / "early").mkdir()
    hook = INTERRUPTED_AT.format(module=module)
    (tmp_path / "early" / "sitecustomize.py").write_text(hook)
    done = run("run", small, "--sim", "pysim", PYTHONPATH=str(tmp_path / "early"))
    assert (done.stderr, done.returncode) == (b"popbridge: interrupted\n", 130)


@pytest.mark.parametrize("settings", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_a_name_that_cannot_be_printed_is_printed_as_escapes(settings, small, tmp_path):
    data = os.fsencode(tmp_path) + b"/im\xc3\xa9\xff.npz"
    os.link(tmp_path / "labelled.npz", data)
    words = ["run", small, "--sim", "pysim", "--images", "2", "--data", data, "--json", "r.json"]
    done = run(*words, **settings)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2 images of" in done.stdout and (tmp_path / "r.json").is_file()


def test_results_are_written_before_they_are_printed(small, tmp_path):
    words = [*LINE, "run", small, "--sim", "pysim", "--images", "2", "--json", "r.json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "popbridge: found No space left on device\n" and done.returncode == 2
    assert (tmp_path / "r.json").stat().st_size


@pytest.mark.parametrize("words", [["presets"], ["--help"], ["run", "--help"]])
def test_a_reader_that_has_gone_is_nothing_to_tell(words):
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run([*LINE, *words], stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert done.stderr == b""


def test_closed_standard_output_is_nowhere(small):
    line = f"{sys.executable} -m popbridge presets >&-"
    done = subprocess.run(line, shell=True, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_script_without_main_guard_is_told_in_one_line(small, tmp_path):
    (tmp_path / "noguard.py").write_text(NO_GUARD)
    done = subprocess.run(
        [sys.executable, "noguard.py"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "2\n"
    assert done.stderr.count("\n") == 1 and "if __name__ == '__main__':" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_leaves_no_compiler(number, small, tmp_path, icarus):
    """Of any kind: the compiler here is a script that sleeps, started by another one."""
    fake = tmp_path / "bin" / "iverilog"
    fake.parent.mkdir()
    fake.write_text(SLOW_COMPILER)
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    words = [*LINE, "run", small, "--sim", icarus, "--images", "2", "--cache", "cache"]
    environment = os.environ | {"PATH": path}
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, env=environment, preexec_fn=hear_interrupts
    ) as process:
        started = await_one(process.pid, "sleep")
        process.send_signal(number)
        process.wait(30)
        await_end(started)
        assert process.stderr.read().count(b"\n") <= 1


FAILURES = {
    "disk full": (OSError(28, "No space left on device", "x.npz"), 2),
    "no right": (PermissionError(13, "Permission denied", "x.npz"), 2),
    "too many files": (OSError(24, "Too many open files"), 2),
    "deep": (RecursionError("maximum recursion depth exceeded"), 2),
    "large": (MemoryError(), 2),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_the_system_refuses_is_one_line(failure, small, capfd, monkeypatch):
    error, expected = FAILURES[failure]

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("popbridge.study.run.job.simulate", fail)
    assert main(["run", small, "--sim", "pysim"]) == expected
    told = capfd.readouterr().err
    assert told.startswith("popbridge: found") or told.startswith("popbridge: x.npz: found")
    assert told.count("\n") == 1


def test_a_complaint_of_many_lines_is_told_in_one(small, capsys, monkeypatch):
    from popbridge.errors import ToolError

    def fail(*_, **__):
        raise ToolError("one\ntwo")

    monkeypatch.setattr("popbridge.cli.verilog.lint", fail)
    assert main(["verilog", small, "--output", "out"]) == 1
    assert capsys.readouterr().err == "popbridge: one\\ntwo\n"
