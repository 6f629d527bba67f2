"""What makes a result meaningless is refused, or told on standard error and in the JSON."""

import dataclasses
import json

import numpy as np
import pytest

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn import software
from popbridge.bnn.images import ImageSet, input_bits
from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.study.doubts import accuracy_doubts, condition_doubts, image_doubts, law_doubts

SEED = 9
COMMANDS = {
    "run": ["run", "n.npz", "--sim", "pysim", "--data", "d.npz"],
    "accuracy": ["accuracy", "n.npz", "--chips", "1", "--workers", "1", "--data", "d.npz"],
    "compare": [
        "compare", "n.npz", "--chips", "1", "--spreads", "0", "--wire-ohm", "0", "--fan-ins", "3",
        "--data", "d.npz",
    ],
}  # fmt: skip


@pytest.fixture
def ask(make_network, tmp_path, monkeypatch, capsys):
    """Runs a command on given images and labels; gives status, standard error and JSON."""
    monkeypatch.chdir(tmp_path)
    network = make_network((12, 9, 4))
    write_network(network, tmp_path / "n.npz")
    pixels = np.random.default_rng(SEED).integers(0, 256, (30, 12), dtype=np.uint8)

    def run(command, labels=None, images=pixels, more=()):
        if labels is None:
            labels = software.run(network, input_bits(images, network)).classes
        np.savez(tmp_path / "d.npz", images=images, labels=labels)
        capsys.readouterr()
        status = main([*COMMANDS[command], "--json", "found.json", *more])
        found = json.loads((tmp_path / "found.json").read_text()) if status == 0 else None
        return status, capsys.readouterr().err, found

    return run


LABELS = {
    "counted from 1": (np.arange(30) % 4 + 1, "labels: found 4, expected at most 3: the network"),
    "the last one alone": (np.r_[np.zeros(29, int), 4], "labels: found 4, expected at most 3"),
    "negative": (np.r_[np.zeros(29, int), -1], "labels: found -1, expected from 0"),
    "beyond every integer": (
        np.full(30, 2**64 - 1, np.uint64), "labels: found 18446744073709551615, expected from 0",
    ),
    "fractions": (np.full(30, 0.5), "labels: found float64"),
    "not a number": (np.full(30, np.nan), "labels: found float64"),
    "flags": (np.zeros(30, bool), "labels: found bool"),
    "one less": (np.zeros(29, int), "labels: found 29, expected 30, one per image"),
    "a column": (np.zeros((30, 1), int), "labels: found int64 of shape (30, 1)"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("labels", "message"), LABELS.values(), ids=LABELS.keys())
def test_labels_that_are_no_classes_are_refused(ask, command, labels, message):
    status, said, _ = ask(command, labels, more=("--images", "4"))
    assert status == 2 and said.startswith("popbridge: ") and said.count("\n") == 1
    assert message in said


@pytest.mark.parametrize("command", COMMANDS)
def test_images_of_which_nothing_is_seen_are_told(ask, command):
    dark = np.random.default_rng(SEED).integers(0, 2, (30, 12), dtype=np.uint8)
    status, said, found = ask(command, images=dark)
    text = "d.npz: found pixels from 0 to 1, all of them below the network's threshold, 128"
    assert status == 0 and f"popbridge: warning: {text}" in said
    assert found["warnings"][0].startswith(text)


@pytest.mark.parametrize("command", COMMANDS)
def test_good_images_raise_no_doubt(ask, command):
    status, said, found = ask(command)
    assert (status, said, found["warnings"]) == (0, "", [])


@pytest.mark.parametrize("command", COMMANDS)
def test_an_accuracy_of_guessing_is_told(ask, command, make_network):
    """Each label is the class behind the right one."""
    network = make_network((12, 9, 4))
    pixels = np.random.default_rng(SEED).integers(0, 256, (30, 12), dtype=np.uint8)
    labels = (software.run(network, input_bits(pixels, network)).classes + 1) % 4
    _, said, found = ask(command, labels)
    assert said.endswith(f"popbridge: warning: {found['warnings'][0]}\n")
    assert "of 0.0%, no better than guessing one of 4 classes" in said


def test_few_images_say_little():
    assert accuracy_doubts_of(0.25) and not accuracy_doubts_of(0.26)
    assert not accuracy_doubts_of(None) and not accuracy_doubts_of(0.0, images=19)


def accuracy_doubts_of(accuracy, images=20):
    class Four:
        classes = 4

    return accuracy_doubts(Four, images, accuracy)


def doubts_of_pixels(network, pixels):
    return image_doubts(network, ImageSet(np.array(pixels, np.uint8), None, "here"))


def test_doubtful_pixels(make_network):
    one = make_network((3, 4, 2))
    four = dataclasses.replace(one, bits_per_input=4)
    assert "all of them at or above" in doubts_of_pixels(one, [[128, 200, 255]])[0]
    same = [[0, 200, 0], [1, 255, 2]]
    assert doubts_of_pixels(one, same) == ("here: found 2 images that are the same to the network",)
    assert doubts_of_pixels(four, same) == ()
    # Already of four bits, or of seven: shifted away, in part or as a whole.
    assert "every input is 0" in doubts_of_pixels(four, [[0, 15, 3]])[0]
    assert "no input has its most significant bit" in doubts_of_pixels(four, [[0, 127, 3]])[0]
    assert doubts_of_pixels(four, [[0, 128, 3]]) == ()


NOMINAL = CONDITIONS["nominal"]


def changed(part, **values):
    return NOMINAL.replace(**{part: getattr(NOMINAL, part).replace(**values)})


CONDITIONS_IN_DOUBT = {
    "states": (changed("devices", hrs_median_ohm=5e3), "the states cannot be told apart"),
    "millivolts": (changed("comparator", noise_sigma_v=0.5), "more than a quarter of the supply"),
    "offsets": (changed("comparator", offset_sigma_v=0.4), "offset_sigma_v: found 0.4 V"),
    "celsius": (
        changed(
            "devices", retention=NOMINAL.devices.retention.replace(time_s=1e6, temperature_k=85)
        ),
        "found storage at 85 K, not degrees Celsius",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "text"), CONDITIONS_IN_DOUBT.values(), ids=CONDITIONS_IN_DOUBT
)
def test_doubtful_conditions(ask, tmp_path, condition, text):
    [doubt] = condition_doubts("a", condition)
    assert doubt.startswith("condition a: ") and text in doubt
    (tmp_path / "c.toml").write_text(condition.to_toml())
    status, said, found = ask("accuracy", more=("--condition", "c.toml"))
    assert status == 0 and f"popbridge: warning: condition c.toml: {doubt[13:]}" in said
    assert f"condition c.toml: {doubt[13:]}" in found["warnings"]


def test_shipped_conditions_are_not_doubted():
    for name, condition in CONDITIONS.items():
        assert condition_doubts(name, condition) == law_doubts(name, condition) == ()
    slow = CONDITIONS["error-law-6ns"]
    slow = slow.replace(comparator=slow.comparator.replace(error_law_clock_s=1e-6))
    assert "is beyond the published error laws" in law_doubts("slow", slow)[0]


def test_units_of_a_condition_are_refused(ask, tmp_path):
    (tmp_path / "c.toml").write_text("[devices]\nlrs_median_ohm = 6.988\nhrs_median_ohm = 114.5\n")
    for command in COMMANDS:
        status, said, _ = ask(command, more=("--condition", "c.toml"))
        text = (
            "popbridge: c.toml: devices.lrs_median_ohm: found 6.988, expected a finite number from"
        )
        assert status == 2 and said.startswith(text) and said.count("\n") == 1


@pytest.mark.parametrize("words", [
    ["errors", "--fan-in", "9", "--ber", "0", "--clock-ns", "6e-9"],
    ["accuracy", "--clock-ns", "6e-9"],
    ["accuracy", "--vdd", "1200"],
    ["compare", "--wire-ohm", "1e6"],
])  # fmt: skip
def test_options_in_another_unit_are_refused(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("popbridge: --") and "expected" in said and said.count("\n") == 1
