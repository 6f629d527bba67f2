"""Training of binarized networks, epoch by epoch, resumed where it was stopped; needs PyTorch."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from ..errors import InputError
from . import software
from .archive import one_line, replacing
from .images import ImageSet, input_bits
from .network import Network, require_integer
from .network_file import write_network
from .recipe import Recipe
from .trained_model import Model


@dataclass(frozen=True)
class EpochReport:
    """What is known after an epoch."""

    epoch: int
    """From 1."""
    epochs: int
    loss: float
    """Mean cross-entropy over the epoch's batches."""
    accuracy: float
    """Fraction of the test images that the integer software reference gets right."""


class Training:
    """A training that can stop after any epoch and go on from its checkpoint.

    Parameters
    ----------
    images : ImageSet
        Labelled training images of two dimensions.
    recipe : Recipe
        The numbers.
    seed : int
        Of every random draw. The same seed gives the same network on the same machine with the
        same number of threads, whether or not the training was interrupted.

    Raises
    ------
    InputError
        Images without labels, not of two dimensions, or fewer than a batch; a label that is no
        class; a seed below 0.
    """

    def __init__(self, images: ImageSet, recipe: Recipe, seed: int) -> None:
        labels = _checked_labels(images, recipe)
        require_integer("seed", seed, 0)
        self.recipe = recipe
        self.shape = images.shape
        self.epoch = 0
        inputs = torch.from_numpy(_inputs(images.images, recipe))
        margin = (recipe.shift,) * 4
        self._padded = functional.pad(inputs, margin, value=-1.0)
        self._labels = torch.from_numpy(labels)
        self._identity = {
            "recipe": repr(recipe),
            "seed": seed,
            "images": zlib.crc32(labels.tobytes(), zlib.crc32(images.images.tobytes())),
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = Model(inputs[0].numel(), recipe)
            self._random_state = torch.get_rng_state()
        self._prepare_steps(len(inputs) // recipe.batch)

    def _prepare_steps(self, steps_per_epoch: int) -> None:
        recipe, model = self.recipe, self.model
        rates = [recipe.learning_rate] * 2
        rates.append(recipe.learning_rate * recipe.offset_learning_rate_factor)
        groups = [
            list(model.weights),
            [*model.norms.parameters(), model.log_scale],
            [model.offsets],
        ]
        self._optimizer = torch.optim.Adam([{"params": group} for group in groups])
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer,
            rates,
            total_steps=recipe.epochs * steps_per_epoch,
            pct_start=recipe.warm_up,
        )

    def run_epoch(self) -> float:
        """Train one epoch; returns the mean loss. Other code's random state is left alone."""
        self.model.train()
        losses = []
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._random_state)
            for x, labels in self._batches():
                loss = functional.cross_entropy(self.model(x), labels)
                self._optimizer.zero_grad()
                loss.backward()
                self._optimizer.step()
                self._schedule.step()
                self.model.constrain()
                losses.append(loss.item())
            self._random_state = torch.get_rng_state()
        self.epoch += 1
        return float(np.mean(losses))

    def _batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        recipe, (height, width) = self.recipe, self.shape
        order = torch.randperm(len(self._labels))
        for first in range(0, len(order) - recipe.batch + 1, recipe.batch):
            batch = order[first : first + recipe.batch]
            groups = [batch[i :: recipe.shift_groups] for i in range(recipe.shift_groups)]
            parts = []
            for group in groups:
                down, right = torch.randint(0, 2 * recipe.shift + 1, (2,)).tolist()
                parts.append(self._padded[group, down : down + height, right : right + width])
            yield torch.cat(parts).flatten(1), self._labels[torch.cat(groups)]

    def network(self, name: str) -> Network:
        """The integer network as trained so far."""
        return self.model.folded(name, self.shape, self.recipe)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            **self._identity,
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": self._random_state,
        }
        with replacing(path) as stream:
            torch.save(state, stream)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        InputError
            The file is damaged, or of another recipe, seed or set of images.
        """
        try:
            state = torch.load(path, weights_only=True)
            found = {name: state[name] for name in self._identity}
        except Exception as error:  # foreign bytes: torch.load documents no closed set of errors
            raise InputError(f"{path}: found {one_line(error)}, expected a checkpoint") from error
        for name, wanted in self._identity.items():
            if found[name] != wanted:
                raise InputError(
                    f"{path}: {name}: found {found[name]}, expected {wanted}; "
                    "remove this checkpoint to start anew"
                )
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._random_state, self.epoch = state["random"], state["epoch"]


def _inputs(images: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Images as the network sees them, float32 from -1 to +1."""
    if recipe.bits_per_input == 1:
        return np.where(images >= recipe.input_threshold, 1, -1).astype(np.float32)
    top = 2**recipe.bits_per_input - 1
    return (2 * (images >> (8 - recipe.bits_per_input)).astype(np.float32) - top) / top


def _checked_labels(images: ImageSet, recipe: Recipe) -> np.ndarray:
    if images.labels is None:
        raise InputError(f"{images.source}: labels: found none, expected one per training image")
    if len(images.shape) != 2 or len(images.images) < recipe.batch:
        raise InputError(
            f"{images.source}: images: found shape {images.images.shape}, "
            f"expected at least {recipe.batch} images of two dimensions"
        )
    if images.labels.max() >= recipe.classes:
        raise InputError(
            f"{images.source}: labels: found {images.labels.max()}, "
            f"expected less than {recipe.classes}"
        )
    return images.labels.astype(np.int64)


def checkpoint_path(output: Path) -> Path:
    """Where the training of `output` keeps its checkpoint."""
    return output.with_name(f"{output.name}.checkpoint")


def train_network(
    training: Training,
    test: ImageSet,
    name: str,
    output: Path,
    report: Callable[[EpochReport], None],
) -> Network:
    """Train to the end, from the checkpoint beside `output` if there is one, and write `output`.

    The checkpoint is written after each epoch, and removed once the network is written.

    Raises
    ------
    InputError
        A checkpoint of another training, test images that do not fit, or a file that cannot be
        written.
    """
    checkpoint = checkpoint_path(output)
    if checkpoint.exists():
        training.load(checkpoint)
    while training.epoch < training.recipe.epochs:
        loss = training.run_epoch()
        training.save(checkpoint)
        accuracy = software_accuracy(training.network(name), test)
        report(EpochReport(training.epoch, training.recipe.epochs, loss, accuracy))
    network = training.network(name)
    write_network(network, output)
    checkpoint.unlink(missing_ok=True)
    return network


def software_accuracy(network: Network, test: ImageSet) -> float:
    """The fraction of labelled images that the software reference gets right."""
    if test.labels is None:
        raise InputError(f"{test.source}: labels: found none, expected one per test image")
    classes = software.run(network, input_bits(test.images, network)).classes
    return software.accuracy(classes, test.labels)
