"""What keeps the house habitable: short files, short `elaborate()`, import paths that stay."""

import ast
import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("behav", "bnn", "cli", "figures", "flow", "hdl", "popbridge", "sim", "study", "tb")
LONGEST_FILE = 300
LONGEST_TEST_FILE = 400
LONGEST_ELABORATE = 80
SUFFIXES = (".py", ".sv", ".j2", ".css")
KEPT_PATHS = {
    "popbridge.behav.params": ("CONDITIONS", "ChipParameters"),
    "popbridge.bnn.catalog": ("find_network",),
    "popbridge.bnn.images": ("ImageSet", "input_bits"),
    "popbridge.bnn.mapping": ("map_network",),
    "popbridge.bnn.network": ("DenseLayer", "Network"),
    "popbridge.bnn.network_file": ("read_network", "write_network"),
    "popbridge.bnn.software": ("accuracy", "run"),
    "popbridge.flow.verilog": ("controller_verilog",),
    "popbridge.hdl.config": (
        "MACROS", "InputError", "LayerConfig", "MacroConfig", "NetworkConfig", "PhaseTiming",
        "ProgrammingConfig", "Readout",
    ),
    "popbridge.sim.cosim": ("simulate",),
    "popbridge.sim.job": ("Job",),
}  # fmt: skip


def files(folders):
    for folder in folders:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                yield path


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_are_short():
    long = {path.name: lines(path) for path in files(ROOMS) if lines(path) > LONGEST_FILE}
    assert not long


def test_files_of_tests_are_short():
    long = {path.name: lines(path) for path in files(["tests"]) if lines(path) > LONGEST_TEST_FILE}
    assert not long


def test_every_elaborate_is_short():
    long = {}
    for path in files(["hdl", "flow", "study"]):
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "elaborate":
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_ELABORATE:
                    long[path.name] = length
    assert not long


def test_every_folder_says_what_lives_there():
    silent = []
    for folder in ROOMS:
        for path in sorted((REPOSITORY / folder).rglob("__init__.py")):
            if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
                silent.append(path.relative_to(REPOSITORY))
    assert not silent


@pytest.mark.parametrize("module", KEPT_PATHS)
def test_import_paths_of_users_stay(module):
    names = vars(importlib.import_module(module))
    assert not [name for name in KEPT_PATHS[module] if name not in names]
