"""A sweep from Python: what it finds, what it says, and that nothing is printed."""

import numpy as np
import pytest

from popbridge.bnn import software
from popbridge.bnn.network_file import write_network
from popbridge.study.accuracy.points import combinations, conditions_of
from popbridge.study.accuracy.result import AccuracyResult
from popbridge.study.accuracy.study import AccuracyRequest, accuracy


@pytest.fixture
def ask(tmp_path, make_network):
    """Asks for a sweep with a network whose own answers are the labels."""
    network = make_network((20, 40, 30, 4))
    images = np.random.default_rng(2).integers(0, 256, (300, 20), dtype=np.uint8)
    labels = software.run(network, (images >= 128).view(np.uint8)).classes
    write_network(network, tmp_path / "net.npz")
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    fixed = {
        "network": str(tmp_path / "net.npz"),
        "data": tmp_path / "images.npz",
        "workers": 1,
        "folder": tmp_path / "kept",
    }
    return lambda **asked: AccuracyRequest(**fixed | asked)


def test_chips_of_an_error_law_differ(ask):
    """Decision noise is drawn for each chip: without it in the key all would be one chip."""
    for condition, rate in (("error-law-6ns", ()), ("ideal", (0.1,))):
        result = accuracy(ask(condition=(condition,), ber=rate, chips=3))
        [point] = result.points
        assert len(set(point.chip_accuracies)) > 1 and point.accuracy.std > 0


def test_a_result_reads_back_from_its_json(ask, tmp_path, capsys):
    told = []
    request = ask(condition=("weak", "ideal"), clock_ns=(6, 7), chips=2)
    result = accuracy(request, lambda *said: told.append(said))
    (tmp_path / "result.json").write_text(result.to_json())
    assert AccuracyResult.from_json(tmp_path / "result.json") == result
    assert [(point.condition, point.clock_ns) for point in result.points] == [
        ("weak", 6), ("weak", 7), ("ideal", 6), ("ideal", 7)
    ]  # fmt: skip
    assert told == [("chips", done, 8) for done in range(9)]
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_laws_that_were_not_published_are_noted_once(ask):
    asked = ask(ber=(0.0, 0.1), clock_ns=(6, 7), chips=1)
    [note] = accuracy(asked).notes
    assert "interpolation between 6 ns and 8 ns" in note
    # A condition whose comparators have devices of their own needs no law.
    assert accuracy(ask(condition=("weak",), clock_ns=(7,), chips=1)).notes == ()


def test_points_are_all_combinations_in_order():
    points = combinations(conditions_of(["weak", "nominal"]), (6.0, 8.0), (1.1, 1.2), (), ())
    supplies = [point.parameters.bridge.vdd_v for point in points]
    assert [point.condition for point in points] == ["weak"] * 4 + ["nominal"] * 4
    assert [point.clock_ns for point in points] == [6, 6, 8, 8] * 2 and supplies == [1.1, 1.2] * 4
