"""``popbridge train``: make the shipped network anew, or one like it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bnn.images import read_image_folder
from ..bnn.recipe import Recipe
from ..hdl.config import InputError

if TYPE_CHECKING:
    from ..bnn.train import EpochReport, Training

MNIST_SHAPE = (28, 28)


def add_parser(commands: Any) -> None:
    """Add the subparser ``train`` to `commands`."""
    parser = commands.add_parser(
        "train",
        help="train a network (needs PyTorch)",
        description="Train a binarized network and write it as a network file. An interrupted "
        "training goes on from OUTPUT.checkpoint when the same command is given again.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("network", choices=["mnist"], help="what to train: 784-1025-1025-1025-10")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder with the four IDX files of MNIST, plain or gzipped",
    )
    parser.add_argument("--epochs", type=int, default=Recipe.epochs, help="passes over the images")
    parser.add_argument("--seed", type=int, default=1, help="of every random draw")
    parser.add_argument(
        "--output", type=Path, default=Path("mnist.npz"), metavar="PATH", help="the network file"
    )
    parser.add_argument("--json", metavar="PATH", help="write the result as JSON; - for stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, write the network, print the accuracy of the software reference."""
    try:
        from ..bnn import train
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        message = "popbridge train needs PyTorch: pip install 'popbridge[train]'"
        raise InputError(message) from None
    recipe = Recipe(epochs=arguments.epochs)
    images = read_image_folder(arguments.data, MNIST_SHAPE, ["train"])
    test = read_image_folder(arguments.data, MNIST_SHAPE, ["t10k", "test"])
    training = train.Training(images, recipe, arguments.seed)
    text = sys.stderr if arguments.json == "-" else sys.stdout
    started = time.monotonic()

    def report(epoch: EpochReport) -> None:
        print(
            f"epoch {epoch.epoch:2} of {epoch.epochs}  loss {epoch.loss:.4f}  "
            f"test accuracy {epoch.accuracy:.2%}  {time.monotonic() - started:.0f} s",
            file=text,
            flush=True,
        )

    network = train.train_network(training, test, arguments.network, arguments.output, report)
    accuracy = train.software_accuracy(network, test)
    print(f"{arguments.output}: test accuracy {accuracy:.2%}", file=text)
    if arguments.json:
        _write_json(arguments.json, _result(arguments, training, accuracy))
    return 0


def _result(
    arguments: argparse.Namespace, training: Training, accuracy: float
) -> dict[str, object]:
    return {
        "network": arguments.network,
        "output": str(arguments.output),
        "epochs": training.recipe.epochs,
        "seed": arguments.seed,
        "accuracy": {"software": accuracy},
    }


def _write_json(path: str, result: dict[str, object]) -> None:
    text = json.dumps(result, indent=2) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: found {error.strerror}, expected a path that can be written"
        ) from error
