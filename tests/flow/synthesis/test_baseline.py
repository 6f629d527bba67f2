"""What a small controller takes, against what it took when the baseline was made.

`pytest tests/flow/synthesis/test_baseline.py --renew-baseline` makes it anew.
"""

import dataclasses
import functools
import json
import shutil
from pathlib import Path

import pytest

from popbridge.flow.synthesis.designs import BLOCKS, controller_design, one_macro_network
from popbridge.flow.synthesis.synthesise import synthesise
from popbridge.flow.tools.liberty import INSTALLED_LIBRARIES
from popbridge.hdl.config import MacroConfig

BASELINE = Path(__file__).parents[2] / "data" / "synth_baseline.json"
MACRO = MacroConfig(rows=4, columns=8)
TARGETS = ("generic", "cmos", "liberty")
COMPARED = ("cells", "flip_flops", "transistors", "area", "depth", "fmax_hz")
MOST_DRIFT = {"depth": 0.15, "fmax_hz": 0.1}
"""Share of the baseline, 0.03 if not here: one path alone makes depth and clock."""
RENEW = "run pytest tests/flow/synthesis/test_baseline.py --renew-baseline to renew"


def drift(name, found, baseline):
    """What to say of a number that has moved too far; None of one that has not."""
    if found is None or baseline is None or name not in COMPARED:
        return None
    change = found / baseline - 1
    if abs(change) <= MOST_DRIFT.get(name, 0.03):
        return None
    return f"{name}: found {found:g}, baseline {baseline:g} ({100 * change:+.1f} %), {RENEW}"


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    config = one_macro_network(MACRO)

    @functools.cache
    def result(target):
        design = controller_design(config)
        if target != "cmos":
            design = dataclasses.replace(design, block_of=None)
        return synthesise(design, target, tmp_path_factory.mktemp(target))

    return result


@pytest.fixture
def target(request):
    name = request.param
    if name == "liberty" and not (INSTALLED_LIBRARIES[0].exists() and shutil.which("sta")):
        pytest.skip("needs qflow-tech-osu018 and opensta")
    return name


@pytest.mark.parametrize("target", TARGETS, indirect=True)
def test_no_drift(target, synthesised, request):
    result = synthesised(target)
    found = {name: getattr(result, name) for name in COMPARED} | {"versions": result.versions}
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if request.config.getoption("--renew-baseline"):
        BASELINE.write_text(json.dumps(kept | {target: found}, indent=2) + "\n")
        return
    moved = [drift(name, found[name], kept[target][name]) for name in COMPARED]
    complaints = [complaint for complaint in moved if complaint]
    if complaints and result.versions != kept[target]["versions"]:
        complaints.append(f"baseline made with {kept[target]['versions']}, now {result.versions}")
    assert not complaints, "; ".join(complaints)


def test_drift_is_told_in_one_line():
    assert drift("cells", 1031, 1000) == (
        "cells: found 1031, baseline 1000 (+3.1 %), run pytest "
        "tests/flow/synthesis/test_baseline.py --renew-baseline to renew"
    )
    assert drift("depth", 8, 10).startswith("depth: found 8, baseline 10 (-20.0 %), run ")
    assert drift("cells", 1029, 1000) is drift("area", None, 1.0) is None


def test_blocks_make_up_the_controller(synthesised):
    result = synthesised("cmos")
    assert set(result.blocks) == set(BLOCKS) - {"programming"}
    assert all(block.cells and block.transistors for block in result.blocks.values())
    # By itself, a block keeps flip-flops that are constant or never read in the whole.
    kept = sum(block.flip_flops for block in result.blocks.values())
    assert result.flip_flops <= kept < 1.05 * result.flip_flops
