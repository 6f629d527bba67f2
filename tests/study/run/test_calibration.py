"""What a run reports of a calibration."""

import pytest
from support.runs import small_request

from popbridge.behav.parameters.chip import ChipParameters
from popbridge.behav.parameters.comparator import ComparatorParameters
from popbridge.errors import InputError
from popbridge.hdl.config import MacroConfig
from popbridge.study.run.job import run


@pytest.fixture
def request_run(tmp_path, make_network):
    def request(trim_bits=4, **choices):
        comparator = ComparatorParameters(offset_sigma_v=0.1)
        (tmp_path / "chip.toml").write_text(ChipParameters(comparator=comparator).to_toml())
        macro = MacroConfig(rows=4, columns=40, trim_bits=trim_bits)
        choices = {"condition": str(tmp_path / "chip.toml")} | choices
        return small_request(tmp_path, make_network((15, 11, 4)), macro, **choices)

    return request


def test_reports_offsets_and_cycles(request_run):
    calibration = run(request_run(calibrate=True)).calibration
    # Five steps of three phases, seven strobes, six settlings and a dead time; one cycle more.
    cycles = calibration.cycles
    assert cycles.declared == cycles.measured == 5 * 17 + 1
    hidden, last = calibration.layers
    assert (hidden.macros, last.macros) == (3, 1)
    for layer in (hidden, last):
        offset, left = layer.offset_counts, layer.residual_counts
        assert offset.min <= offset.mean <= offset.max <= 7.5
        assert offset.min or offset.max
        # Noise of half a millivolt is a hundredth of a count here.
        assert max(abs(left.min), abs(left.max)) < 0.6


def test_none_without_being_asked_for(request_run):
    assert run(request_run()).calibration is None


def test_needs_a_trim(request_run):
    with pytest.raises(InputError, match="trim_bits: found 0, expected at least 1 to calibrate"):
        run(request_run(trim_bits=0, calibrate=True))
