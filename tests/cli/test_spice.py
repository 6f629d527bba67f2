"""``popbridge spice`` as a newcomer types it."""

import dataclasses
import json
import re

import pytest

from popbridge.bnn.images import random_images
from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.sim.spice import check as spice_check
from popbridge.sim.spice import ngspice


def test_without_ngspice_the_netlist_is_written(in_folder, capsys, monkeypatch):
    monkeypatch.setattr(ngspice, "find_ngspice", lambda: None)
    assert main(["spice", "--columns", "3", "--json", "result.json"]) == 0
    assert ngspice.MISSING in capsys.readouterr().out
    assert json.loads((in_folder / "result.json").read_text())["comparison"] is None
    assert (in_folder / "row.cir").read_text().endswith(".end\n")


def test_check_without_ngspice_is_one_line(in_folder, capsys, monkeypatch):
    monkeypatch.setattr(ngspice, "find_ngspice", lambda: None)
    assert main(["spice", "--check"]) == 2
    assert capsys.readouterr().err == f"popbridge: {ngspice.MISSING}\n"


@pytest.mark.skipif(ngspice.find_ngspice() is None, reason="ngspice is not installed")
def test_own_models_are_characterised_first(in_folder, capsys):
    """Skewed models move the inverter's threshold; the netlist makes up for it. Of the capacitors'
    energy it cannot: that check fails, and the exit status says so."""
    (in_folder / "my.mod").write_text(
        ".model popbridge_nmos nmos (level=1 kp=400u vto=0.5 lambda=0.05)\n"
        ".model popbridge_pmos pmos (level=1 kp=100u vto=-0.54 lambda=0.05)\n"
    )
    assert main(["spice", "--columns", "23", "--models", "my.mod", "--json", "-"]) == 1
    result = json.loads(capsys.readouterr().out)
    failed = [check["quantity"] for check in result["checks"] if check["result"] == "FAIL"]
    assert failed == ["energy of capacitors"]
    found = result["comparison"]
    assert found["line_error_counts"] <= 0.02 and found["decisions_differing"] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layer", "9"], "--layer: found 9, expected 0 to 2"),
        (["--row", "1025"], "--row: found 1025, expected 0 to 1024, the neurons of layer0"),
        (["--columns", "0"], "--columns: found 0, expected 1 to 785"),
        (["--image", "-1"], "--image: found -1, expected an integer of at least 0"),
        (
            ["--macro", "pipelined"],
            "--macro: found pipelined, a pipelined macro, expected one without latches",
        ),
        (["--models", "no.mod"], "--models: found no file no.mod, expected transistor models"),
    ],
)
def test_wrong_words_are_one_line(words, message, in_folder, capsys):
    assert main(["spice", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("popbridge: " + message.split(",")[0]) and error.count("\n") == 1


@pytest.mark.skipif(ngspice.find_ngspice() is None, reason="ngspice is not installed")
@pytest.mark.parametrize(("bound", "status", "word"), [(0.05, 0, "pass"), (1e-9, 1, "FAIL")])
def test_exit_status_of_the_check(bound, status, word, in_folder, capsys, monkeypatch):
    monkeypatch.setattr(spice_check, "SIZES", [(*spice_check.SIZES[0][:2], 2)])
    monkeypatch.setitem(spice_check.BOUNDS, "crossing_error", bound)
    assert main(["spice", "--check"]) == status
    assert word in capsys.readouterr().out


@pytest.mark.skipif(ngspice.find_ngspice() is None, reason="ngspice is not installed")
@pytest.mark.parametrize(("bound", "status"), [(0.05, 0), (1e-9, 1)])
def test_exit_status_of_a_row(bound, status, in_folder, capsys, monkeypatch):
    monkeypatch.setitem(spice_check.BOUNDS, "bridge_energy_error", bound)
    assert main(["spice", "--columns", "23", "--json", "row.json"]) == status
    assert ("FAIL" in capsys.readouterr().out) == bool(status)
    result = json.loads((in_folder / "row.json").read_text())
    (check,) = [each for each in result["checks"] if each["quantity"].startswith("energy of br")]
    assert check["result"] == ("FAIL" if status else "pass")
    assert check["largest_difference"] == result["comparison"]["bridge_energy_error"]


@pytest.mark.skipif(ngspice.find_ngspice() is None, reason="ngspice is not installed")
def test_a_row_that_is_counted_meets_the_model(in_folder, make_network, capsys):
    """The last layer's word line is up for all trials of its read-out: the energy is of as long."""
    write_network(make_network((15, 11, 4)), in_folder / "small.npz")
    assert main(["spice", "small.npz", "--layer", "1", "--row", "2", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)["comparison"]
    assert found["bridge_energy_error"] < 0.05


@pytest.mark.skipif(ngspice.find_ngspice() is None, reason="ngspice is not installed")
@pytest.mark.parametrize("layer", [0, 1])
def test_of_several_bits_the_most_significant_plane(layer, in_folder, make_network, capsys):
    network = dataclasses.replace(make_network((15, 11, 4)), bits_per_input=3)
    write_network(network, in_folder / "bits.npz")
    assert main(["spice", "bits.npz", "--layer", str(layer), "--json", "result.json"]) == 0
    assert ("most significant of 3 bit planes" in capsys.readouterr().out) == (layer == 0)
    found = json.loads((in_folder / "result.json").read_text())["comparison"]
    assert found["line_error_counts"] <= 0.02 and found["decisions_differing"] == 0
    if layer == 0:
        image = random_images(1, (15,), 1).images[0]
        text = (in_folder / "row.cir").read_text()
        driven = re.findall(r"^\* column \d+: input ([+-])1,", text, re.MULTILINE)
        assert driven[:15] == ["+" if pixel >= 128 else "-" for pixel in image]
