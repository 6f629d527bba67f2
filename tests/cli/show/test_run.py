"""What ``popbridge run`` prints, read word by word."""

import io

import pytest
from support.runs import small_request

from popbridge.cli.show.run import mapping_table, print_run
from popbridge.hdl.config import MacroConfig
from popbridge.study.run.job import run


@pytest.fixture
def result_of(make_network, tmp_path):
    def of(sizes, macro, **choices):
        return run(small_request(tmp_path, make_network(sizes), macro, **choices))

    return of


def test_mapping(result_of):
    """Columns are as wide as their widest cell, numbers stand to the right."""
    lines = mapping_table(result_of((7, 20, 3), MacroConfig(rows=16, columns=40))).splitlines()
    assert lines[0].split("  ")[0] == "layer" and len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    cells = ["layer0", "7", "8", "15", "20", "2", "1", "10 of 16", "0", "37.5%"]
    assert [cell.strip() for cell in lines[1].split("  ") if cell.strip()] == cells


def test_mapping_onto_chains(result_of):
    """15 columns take four arrays of 4, 21 (20 neurons and one for an odd count) take six."""
    lines = mapping_table(result_of((7, 20, 3), MacroConfig(rows=16, columns=4))).splitlines()
    assert [line.split()[6] for line in lines[1:]] == ["4", "6"]
    assert [line.split()[-1] for line in lines[1:]] == ["93.8%", "87.5%"]


def test_an_ideal_chip_has_no_timing_and_random_images_no_accuracy(result_of):
    texts = {}
    for chip in (None, 3):
        out = io.StringIO()
        print_run(result_of((9, 6, 3), MacroConfig(), chip=chip, images=1), out)
        texts[chip] = out.getvalue()
    assert "ideal chip, seed 1, pysim" in texts[None]
    assert "chip 3, condition nominal, seed 1, pysim" in texts[3]
    assert "phase, ns" in texts[3] and "phase, ns" not in texts[None]
    for text in texts.values():
        assert "accuracy: not known, the images have no labels" in text
        each = next(line for line in text.splitlines() if line.startswith("image, each"))
        assert each.split()[-1] == "-"
