"""The examples run: hardware agrees with software, and the documentation with what is printed."""

import runpy
from pathlib import Path

from popbridge.bnn.catalog import find_network
from popbridge.bnn.mapping import map_network
from popbridge.hdl.config import MACROS

REPOSITORY = Path(__file__).parent.parent


def printed(name, capsys):
    runpy.run_path(str(REPOSITORY / "examples" / name), run_name="__main__")
    return capsys.readouterr().out


def test_own_network(capsys):
    text = printed("own_network.py", capsys)
    lines = dict(line.split(": ") for line in text.splitlines() if ": " in line)
    assert lines["hardware classes"] == lines["software classes"]


def test_the_table_of_rows_that_overlap_is_that_of_the_documentation(capsys):
    table = printed("pipelined_rows.py", capsys)
    assert table in (REPOSITORY / "docs" / "hardware.md").read_text(encoding="utf-8")


def test_the_preset_keeps_its_strobe_slots_busy():
    """As declared; `popbridge run` fails where a scan takes another number of cycles."""
    config = map_network(find_network("mnist"), MACROS["pipelined"]).config
    for layer in config.layers:
        scan_slots = layer.scan_cycles / layer.row_cycles
        assert layer.rows_used / scan_slots >= 0.95
