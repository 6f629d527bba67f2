"""What is kept is made by this very code: an edit anywhere has everything made anew."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from popbridge import cache
from popbridge.errors import InputError
from popbridge.hdl.config import MacroConfig
from popbridge.sim import cosim
from popbridge.study.accuracy.chip import Study
from popbridge.study.mutation.campaign import campaign_digest

EDITS = {
    "ground": "__init__.py",
    "module": "behav/cell/bridge.py",
    "module in a new sub-folder": "hdl/fresh/deeper/new.py",
    "hardware of the testbench": "sim/testbench/edited.sv",
    "template": "cli/page/edited.html.j2",
    "style": "cli/edited.css",
    "data": "bnn/shipped/edited.npz",
    "table": "figures/published/edited.csv",
    "any other file": "flow/LICENCE",
}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A copy of the package, in folders as it is installed here; the digest is taken of it."""
    copies = []
    for name, folder in list(cache.package_folders()):
        copies.append((name, tmp_path / "package" / name))
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder, copies[-1][1], ignore=ignored, dirs_exist_ok=True)
    monkeypatch.setattr(cache, "package_folders", lambda: copies)
    cache.source_digest.cache_clear()
    yield tmp_path / "package"
    cache.source_digest.cache_clear()


def edit(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("\n")
    cache.source_digest.cache_clear()


def kept_sources(folder, config, monkeypatch):
    """The files of a controller and of its netlist, of which only the keys are of interest."""
    monkeypatch.setattr(cosim, "controller_verilog", lambda config: "a controller")
    monkeypatch.setattr(cosim, "netlist_verilog", lambda controller: "gates")
    monkeypatch.setattr(cosim, "SYNTHESIS", SimpleNamespace(require=lambda: "1.0"))
    cosim.netlist_source(config, folder)
    return set((folder / "verilog").iterdir())


@pytest.mark.parametrize("place", EDITS.values(), ids=EDITS.keys())
def test_an_edit_anywhere_makes_all_keys_new(
    place, installed, tmp_path, make_mapped, make_network, monkeypatch
):
    def keys():
        study = Study(
            network=make_network((3, 2)),
            macro=MacroConfig(),
            images=np.zeros((1, 3), np.uint8),
            labels=np.zeros(1, np.int64),
            seed=1,
        )
        return {study.digest, campaign_digest("11.0")}

    config = make_mapped((3, 2)).config
    before = keys()
    assert keys() == before
    files = kept_sources(tmp_path, config, monkeypatch)
    assert kept_sources(tmp_path, config, monkeypatch) == files and len(files) == 2
    edit(installed / place)
    assert not keys() & before
    assert len(kept_sources(tmp_path, config, monkeypatch)) == 4


def test_a_moved_and_a_renamed_file_are_edits(installed):
    seen = {cache.source_digest()}
    edit(installed / "hdl" / "one.py")
    seen.add(cache.source_digest())
    (installed / "hdl" / "one.py").rename(installed / "behav" / "one.py")
    edit(installed / "behav" / "other.py")
    seen.add(cache.source_digest())
    (installed / "behav" / "other.py").unlink()
    cache.source_digest.cache_clear()
    seen.add(cache.source_digest())
    assert len(seen) == 4


def test_bytecode_is_no_edit(installed):
    before = cache.source_digest()
    edit(installed / "hdl" / "__pycache__" / "config.cpython-313.pyc")
    assert cache.source_digest() == before


def test_libraries_and_their_order_count():
    found = {cache.source_digest(*names) for names in ((), ("numpy",), ("numpy", "scipy"))}
    assert len(found) == 3


def test_every_imported_module_is_within_the_digest():
    """However it is installed: beside popbridge/ as in a checkout, or below it."""
    folders = [folder.resolve() for _, folder in cache.package_folders()]
    modules = [module for name, module in sys.modules.items() if name.startswith("popbridge.")]
    for module in modules:
        assert any(Path(module.__file__).resolve().is_relative_to(folder) for folder in folders)


CONTROLLER_OF_A_VERSION = """
import importlib.metadata, pathlib, sys
real = importlib.metadata.version
importlib.metadata.version = lambda name: sys.argv[2] if name == "popbridge" else real(name)
from popbridge.flow.verilog import controller_verilog
from popbridge.hdl.config import LayerConfig, MacroConfig, NetworkConfig, Readout
from popbridge.sim.cosim import controller_source
layer = LayerConfig(
    name="fc", inputs=3, bias_columns=0, neurons=2, readout=Readout.COUNT,
    macro=MacroConfig(rows=2, columns=4),
)
config = NetworkConfig(layers=(layer,), offsets=(0, 0))
source = controller_source(config, pathlib.Path(sys.argv[1]))
assert source == controller_verilog(config), "a controller of another version was found"
print(hash(source))
"""


def test_a_cached_controller_has_the_version_register_of_its_version(tmp_path):
    found = set()
    for version in ("0.1.0", "0.2.0"):
        words = [sys.executable, "-c", CONTROLLER_OF_A_VERSION, str(tmp_path), version]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 2
    assert len(list((tmp_path / "verilog").iterdir())) == 2


def test_the_folder_is_made_below_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache.cache_folder() == tmp_path / "caches" / "popbridge"
    assert cache.cache_folder().is_dir()
    assert cache.cache_folder(tmp_path / "mine") == tmp_path / "mine"


@pytest.fixture
def homeless(tmp_path, monkeypatch):
    """A user in an empty folder, for whom nothing says where the home is."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", lambda number: {}[number])
    return tmp_path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary files go; nothing is remembered of an earlier place."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    cache.temporary_instead.cache_clear()
    yield tmp_path / "tmp"
    cache.temporary_instead.cache_clear()


@pytest.mark.parametrize("home", [None, "/proc/none"])
def test_without_a_home_a_temporary_folder_is_taken_and_told(
    home, homeless, temporary, monkeypatch, caplog
):
    if home is not None:
        monkeypatch.setenv("HOME", home)
    found = cache.cache_folder()
    assert found.is_dir() and found.is_relative_to(temporary)
    assert found == cache.cache_folder()
    assert len(caplog.records) == 1 and str(found) in caplog.text
    assert found.parent.stat().st_mode & 0o077 == 0
    assert list(homeless.iterdir()) == [temporary]


def test_a_temporary_folder_of_others_is_refused(homeless, temporary):
    cache.cache_folder().parent.chmod(0o777)
    cache.temporary_instead.cache_clear()
    with pytest.raises(InputError, match=r"another user's, .* --cache PATH$"):
        cache.cache_folder()


def test_a_folder_that_cannot_be_made_or_written_to_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^.*file/x: found Not a directory, .* --cache PATH$"):
        cache.cache_folder(tmp_path / "file" / "x")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(InputError, match=r"^.*: found Permission denied, .* --cache PATH$"):
        cache.cache_folder(tmp_path)
