"""What tests of commands share: a folder, a small network, a run with labels and its page."""

import json

import numpy as np
import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    """The working folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(in_folder, make_network):
    """A small network's file in it."""
    path = in_folder / "small.npz"
    write_network(make_network((9, 6, 3)), path)
    return str(path)


@pytest.fixture(scope="session")
def kept_runs():
    return {}


@pytest.fixture
def make_run(tmp_path, monkeypatch, make_network, kept_runs):
    """Gives the result of ``run --json`` with the words after NETWORK; runs them once."""

    def make(*words):
        if words not in kept_runs:
            monkeypatch.chdir(tmp_path)
            write_network(make_network((15, 11, 4)), tmp_path / "small.npz")
            draw = np.random.default_rng(11)
            images = draw.integers(0, 256, (24, 15), dtype=np.uint8)
            np.savez(tmp_path / "labelled.npz", images=images, labels=draw.integers(0, 4, 24))
            macro = "rows = 8\ncolumns = 40\n[timing]\nclock_period_s = 1e-9\n"
            (tmp_path / "macro.toml").write_text(macro)
            fixed = ["--sim", "pysim", "--macro", "macro.toml", "--json", "run.json"]
            assert main(["run", "small.npz", *fixed, *words]) == 0
            kept_runs[words] = (tmp_path / "run.json").read_text()
        return json.loads(kept_runs[words])

    return make


@pytest.fixture
def labelled_run(make_run):
    """24 labelled images on a bad chip whose clock is too fast for some phases."""
    return make_run("--data", "labelled.npz", "--chip", "3", "--condition", "weak")


@pytest.fixture
def make_page(tmp_path, monkeypatch):
    """Gives the page of a result, as `run.html` in the working folder."""

    def make(result, *words):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "run.json").write_text(json.dumps(result))
        assert main(["report", "run.json", *words]) == 0
        return (tmp_path / "run.html").read_text()

    return make
