"""The command line imports what the chosen command needs, and no more."""

import os
import subprocess
import sys

import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import COMMANDS, main

HEAVY = {"numpy", "scipy", "amaranth", "cocotb", "cocotb_tools", "jinja2", "matplotlib", "torch"}
PROBE = """
import runpy, sys
sys.argv = ["popbridge", *sys.argv[1:]]
try:
    runpy.run_module("popbridge", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print("imported", *sys.modules)
"""


def imported_by(*words):
    """Names of all modules that the command line imports, in a process of its own."""
    line = [sys.executable, "-c", PROBE, *words]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("imported ")[2].split())


def commands_of(modules):
    return {name for name in COMMANDS if f"popbridge.cli.{name}" in modules}


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_without_a_command_nothing_heavy_is_imported(word):
    modules = imported_by(word)
    assert "popbridge.cli.main" in modules
    assert not modules & HEAVY and not commands_of(modules)


def test_the_help_of_a_command_imports_no_other():
    assert commands_of(imported_by("presets", "--help")) == {"presets"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_options_and_a_description(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    printed = capsys.readouterr().out
    assert end.value.code == 0
    assert printed.startswith(f"usage: popbridge {name} ") and len(printed.splitlines()) > 5


def test_the_list_of_commands_says_what_each_is_for(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(purpose in printed for purpose in COMMANDS.values())


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, make_network):
    """A folder with a small network, of a user who has no home."""
    write_network(make_network((5, 3, 2)), tmp_path / "small.npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/proc/none")
    return tmp_path


def test_without_a_home_one_line_says_where_things_are_kept(elsewhere, icarus, capsys):
    assert main(["run", "small.npz", "--sim", icarus, "--images", "1"]) == 0
    assert main(["verilog", "small.npz", "--output", "here"]) == 0
    told = capsys.readouterr().err.count("/proc/none/.cache/popbridge: found No such file")
    assert told == 1


def test_what_is_built_and_the_tools_own_caches_are_where_cache_says(elsewhere, icarus):
    assert main(["run", "small.npz", "--sim", icarus, "--images", "1", "--cache", "kept"]) == 0
    assert "XDG_CACHE_HOME" not in os.environ
    below = elsewhere / "kept" / "popbridge"
    assert len(list(below.glob("icarus-*"))) == len(list(below.glob("verilog/*.sv"))) == 1
    assert not (elsewhere / "build").exists()
