"""Training of a tiny network: resumed equals uninterrupted, and folded equals trained."""

import dataclasses
import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from popbridge.bnn import software
from popbridge.bnn.images import ImageSet, input_bits
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network_file import read_network
from popbridge.bnn.recipe import Recipe
from popbridge.cli.main import main, parse
from popbridge.errors import InputError

TINY = Recipe(hidden=(20, 12), classes=2, epochs=4, batch=25)


def squares(count, seed):
    """8 x 8 images: class 1 is brighter on the right."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    pixels = random.integers(0, 256, (count, 8, 8))
    pixels[:, :, 4:] += np.where(labels, 110, -110)[:, None, None]
    return ImageSet(pixels.clip(0, 255).astype(np.uint8), labels, "squares")


@pytest.fixture
def train():
    pytest.importorskip("torch", reason="training needs PyTorch")
    from popbridge.bnn import train

    return train


def train_to(train, output, stop_after=None, seed=3):
    reports = []

    def report(epoch):
        reports.append(epoch)
        if epoch.epoch == stop_after:
            raise KeyboardInterrupt

    training = train.Training(squares(210, 1), TINY, seed)
    train.train_network(training, squares(100, 2), "tiny", output, report)
    return reports


def test_learns_and_maps_without_saturation(train, tmp_path):
    reports = train_to(train, tmp_path / "n.npz")
    assert [report.epoch for report in reports] == [1, 2, 3, 4]
    network = read_network(tmp_path / "n.npz")
    test = squares(100, 2)
    classes = software.run(network, input_bits(test.images, network)).classes
    assert reports[-1].accuracy == software.accuracy(classes, test.labels) > 0.9
    assert reports[-1].loss < reports[0].loss
    assert map_network(network).saturated == 0
    assert [path.name for path in tmp_path.iterdir()] == ["n.npz"]


@pytest.mark.parametrize("stop_after", [1, 3])
def test_resumed_equals_uninterrupted(train, tmp_path, stop_after):
    whole, resumed, other = (tmp_path / name for name in ("whole", "resumed", "other"))
    train_to(train, whole)
    with pytest.raises(KeyboardInterrupt):
        train_to(train, resumed, stop_after)
    assert not resumed.exists() and train.checkpoint_path(resumed).exists()
    reports = train_to(train, resumed)
    assert [report.epoch for report in reports] == list(range(stop_after + 1, 5))
    assert resumed.read_bytes() == whole.read_bytes()
    train_to(train, other, seed=4)
    assert other.read_bytes() != whole.read_bytes()


def test_folded_network_equals_the_model(train):
    import torch

    training = train.Training(squares(210, 1), TINY, 3)
    training.run_epoch()
    norm = training.model.norms[0]
    with torch.no_grad():
        norm.weight[:4] *= -1  # flipped rows
        norm.weight[4:6] = 0  # constant neurons
        norm.bias[5] = -1
    network = training.network("tiny")
    bits = input_bits(squares(100, 2).images, network)
    training.model.eval()
    with torch.no_grad():
        logits = training.model(torch.from_numpy(bits).float() * 2 - 1)
        scores = logits / training.model.log_scale.exp()
    assert np.array_equal(software.run(network, bits).scores, scores.round().int().numpy())


def test_constraint_pulls_only_what_is_out_of_reach(train):
    import torch

    model = train.Model(64, dataclasses.replace(TINY, hidden=(6,)))
    norm = model.norms[0]  # 64 inputs: 65 bias columns
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 1, -2, -2, 0, 1]))
        norm.running_mean.copy_(torch.tensor([0.0, 90, 90, 10, 90, -90]))
        norm.bias.zero_()
        model.constrain()
    thresholds = norm.running_mean - norm.bias / norm.weight * (1 + norm.eps) ** 0.5
    found = thresholds.detach()[[0, 1, 2, 3, 5]].tolist()
    assert found == pytest.approx([0, 65, 65, 10, -65], rel=1e-6)
    assert norm.bias[4] == 0


def test_leaves_the_random_state_of_others_alone(train):
    import torch

    before = torch.get_rng_state()
    train.Training(squares(50, 1), TINY, 3).run_epoch()
    assert torch.equal(before, torch.get_rng_state())


def test_refuses_a_checkpoint_of_another_training(train, tmp_path):
    output = tmp_path / "n.npz"
    with pytest.raises(KeyboardInterrupt):
        train_to(train, output, stop_after=1)
    with pytest.raises(InputError, match=r"checkpoint: seed: found 3, expected 5; remove this"):
        train_to(train, output, seed=5)
    train.checkpoint_path(output).write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"n\.npz\.checkpoint: found .*, expected a checkpoint"):
        train_to(train, output)


BAD_IMAGES = {
    "no labels": (lambda s: ImageSet(s.images, None, "here"), "here: labels: found none"),
    "too few": (lambda s: s.first(24), r"images: found shape \(24, 8, 8\), expected at least 25"),
    "flat": (
        lambda s: ImageSet(s.images.reshape(-1, 64), s.labels, "here"),
        "here: images: found shape .*two dimensions",
    ),
    "label": (lambda s: ImageSet(s.images, s.labels + 1, "here"), "labels: found 2, expected less"),
}


@pytest.mark.parametrize(("change", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_refuses_images(train, change, message):
    with pytest.raises(InputError, match=message):
        train.Training(change(squares(30, 1)), TINY, 1)


@pytest.mark.parametrize(
    ("field", "value"), [("epochs", 0), ("batch", 0), ("hidden", ()), ("dropout", 1.0)]
)
def test_recipe_refuses(field, value):
    with pytest.raises(InputError, match=f"{field}: found "):
        Recipe(**{field: value})


def idx(array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def mnist_like(folder, count):
    labels = np.arange(count) % 10
    images = np.zeros((count, 28, 28), np.uint8)
    images[np.arange(count), labels * 2 + 3] = 255
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))


def test_command(train, tmp_path, capsys):
    mnist_like(tmp_path, 200)
    output = tmp_path / "made.npz"
    words = ["mnist", "--data", tmp_path, "--epochs", 1, "--output", output, "--json", "-"]
    assert main(["train", *map(str, words)]) == 0
    captured = capsys.readouterr()
    network = read_network(output)
    assert [layer.outputs for layer in network.layers] == [1025, 1025, 1025, 10]
    result = json.loads(captured.out)
    assert result.keys() == {"network", "output", "epochs", "seed", "accuracy"}
    assert 0 <= result["accuracy"]["software"] <= 1
    assert captured.err.startswith("epoch  1 of 1  loss ")


def test_command_defaults():
    arguments = parse(["train", "mnist", "--data", "folder"])
    assert (arguments.network, arguments.epochs, arguments.seed) == ("mnist", 60, 1)
    assert arguments.output is None


def test_command_without_torch():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from popbridge.cli.main import main\n"
        "sys.exit(main(['train', 'mnist', '--data', '.']))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 2
    expected = "popbridge: popbridge train needs PyTorch: pip install 'popbridge[train]'\n"
    assert found.stderr == expected
