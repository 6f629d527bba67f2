"""What rows that were compared with ngspice come to."""

import pytest

from popbridge.sim.spice.check import RowComparison
from popbridge.study.spice import checks_of, passed

GOOD = {
    "cells": 127,
    "crossings": 3,
    "sl_error_v": 1e-4,
    "line_error_counts": 0.01,
    "crossing_error": 0.02,
    "bridge_energy_error": 0.03,
    "capacitor_energy_error": 0.04,
    "decisions_differing": 0,
}


def test_the_largest_difference_counts_and_decisions_add_up():
    rows = [RowComparison(**GOOD), RowComparison(**GOOD | {"sl_error_v": 2e-4, "crossings": 4})]
    checks = {check.quantity: check for check in checks_of(rows)}
    assert {check.result for check in checks.values()} == {"pass"} and passed(checks.values())
    sl = checks["V_SL after evaluate"]
    assert (sl.largest_difference, sl.bound, sl.unit, sl.of) == (2e-4, 1e-3, "V", "254 cells")
    assert checks["time at which SL crosses"].of == "7 crossings"
    apart = [RowComparison(**GOOD | {"decisions_differing": 1}) for _ in range(3)]
    (decisions,) = [check for check in checks_of(apart) if check.unit == "decisions"]
    assert (decisions.largest_difference, decisions.result) == (3, "FAIL")


@pytest.mark.parametrize("name", [name for name in GOOD if "error" in name])
def test_one_bad_row_fails_its_quantity_alone(name):
    rows = [RowComparison(**GOOD), RowComparison(**GOOD | {name: 0.5}), RowComparison(**GOOD)]
    checks = checks_of(rows)
    assert [check.largest_difference for check in checks if check.result == "FAIL"] == [0.5]
    assert not passed(checks)


def test_wide_rows_have_no_verdict_on_lines():
    (row,) = [RowComparison(**GOOD | {"cells": 1127, "line_error_counts": 0.5})]
    results = {check.quantity: check.result for check in checks_of([row])}
    assert results.pop("V_P, V_N after evaluate") == "-" and set(results.values()) == {"pass"}
