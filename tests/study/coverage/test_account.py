"""What is reached, proven constant, listed or missing; entries of the list that say too much."""

import json
import pkgutil

import pytest

from popbridge.errors import InputError
from popbridge.study.coverage.points import Point
from popbridge.study.coverage.runs import SUITE_NAMES, Reached
from popbridge.study.coverage.study import Account, CoverageRequest, coverage
from popbridge.study.coverage.unreached import Unreached, UnreachedBin, UnreachedList, read_list
from popbridge.tb import suites

FILE = "hdl/bus/registers.py"


def edge(bit, text="0->1", signal="count$7"):
    return Point("toggle", FILE, "registers", signal, bit, text)


BRANCH = Point("branch", FILE, "registers", "", 0, "else of if (full) begin")
HIGH = Unreached(kind="toggle", names=r"registers\.count", lowest=2, reason="too many cycles")
FULL = Unreached(kind="code", names=r"registers: else of if \(full\)", reason="never full")


def account(hits, *entries, constant=(), bins=()):
    reached = Reached(hits, set(constant), {("event, stall", ("start", "input")): 0})
    return Account({"votes": reached}, UnreachedList(points=entries, bins=bins))


def test_each_point_is_accounted_for_once():
    hits = {edge(0): 3, edge(1): 0, edge(2): 0, BRANCH: 0, edge(0, signal="fixed"): 0}
    found = account(hits, HIGH, constant=[edge(0, signal="fixed"), edge(0)])
    branch, toggle = found.files()
    assert (toggle.points, toggle.reached, toggle.constant, toggle.listed) == (4, 1, 1, 1)
    assert (branch.points, branch.reached, branch.missing) == (1, 0, 1)
    assert [each.name for each in found.missing] == [
        "registers.count[1] 0->1", "registers: else of if (full) begin",
    ]  # fmt: skip


def test_a_listed_point_that_is_reached_is_told():
    found = account({edge(2): 1, edge(3): 0, BRANCH: 0}, HIGH, FULL)
    found.files()
    high, full = found.listed(whole=True)
    assert (high.excused, high.reached, high.stale) == (
        1,
        ("votes: registers.count[2] 0->1",),
        True,
    )
    assert (full.excused, full.reached, full.stale) == (1, (), False)
    assert not found.missing


def test_an_entry_for_nothing_is_told_where_all_designs_ran():
    found = account({edge(0): 1}, HIGH)
    found.files()
    assert [each.stale for each in found.listed(whole=True)] == [True]
    assert found.listed(whole=False) == ()


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True),
        ({"designs": "trims"}, False),
        ({"edge": "1->0"}, False),
        ({"highest": 4}, False),
        ({"names": "count"}, False),
        ({"kind": "code"}, False),
    ],
)
def test_what_an_entry_is_of(change, covered):
    assert HIGH.replace(**change).covers("votes", edge(5)) is covered


def test_bins_are_accounted_for():
    found = account({})
    assert [(each.bins, each.missing) for each in found.crosses()] == [(1, 1)]
    assert [each.name for each in found.missing] == ["start, input"]
    known = UnreachedBin(cross="event, stall", bins=("start", "in.*"), reason="why")
    found = account({}, bins=[known])
    assert [(each.listed, each.missing) for each in found.crosses()] == [(1, 0)]
    other = known.replace(bins=("start", "result"))
    assert [each.missing for each in account({}, bins=[other]).crosses()] == [1]


def test_what_was_reached_is_read_back():
    reached = Reached({edge(1): 0, BRANCH: 3}, {edge(1)}, {("event, stall", ("start", "input")): 2})
    plain = json.loads(json.dumps(reached.to_plain()))
    assert Reached.from_plain(plain) == reached
    with pytest.raises(InputError, match="expected what was reached"):
        Reached.from_plain({"hits": [[1]], "met": []})


def test_every_suite_is_run():
    """A new one has to be in the table; modules without tests are none."""
    modules = {module.name for module in pkgutil.iter_modules(suites.__path__)}
    assert modules - {"scenario_plan"} == set(SUITE_NAMES)


def test_the_list_has_reasons():
    known = read_list()
    for entry in (*known.points, *known.bins):
        assert len(entry.reason) > 10, entry


def test_a_list_that_is_none_is_told(tmp_path):
    path = tmp_path / "unreached.toml"
    path.write_text('[[points]]\nkind = "code"\nnames = "("\nreason = "why"\n')
    with pytest.raises(InputError, match="expected an expression"):
        read_list(path)


def test_no_such_design():
    with pytest.raises(InputError, match="designs: found 'none', expected one of: 'votes'"):
        coverage(CoverageRequest(designs=("none",)))
