"""``popbridge train``: make the shipped network anew, or one like it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..bnn.images import read_image_folder
from ..bnn.recipe import RECIPES, Recipe
from ..errors import InputError
from .show.output import require_writable

if TYPE_CHECKING:
    from ..bnn.train import EpochReport

MNIST_SHAPE = (28, 28)

DESCRIPTION = (
    "Train a binarized network and write it as a network file. An interrupted "
    "training goes on from OUTPUT.checkpoint when the same command is given again."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "network", choices=list(RECIPES), help="what to train: 784-1025-1025-1025-10, pixels of 1 "
        "or 4 bits",
    )  # fmt: skip
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
        "--output", type=Path, metavar="PATH",
        help="the network file; NETWORK.npz in this folder without it",
    )  # fmt: skip


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Train, write the network, print the accuracy of the software reference."""
    output = arguments.output or Path(f"{arguments.network}.npz")
    require_writable(output)
    try:
        from ..bnn import train
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        message = "popbridge train needs PyTorch: pip install 'popbridge[train]'"
        raise InputError(message) from None
    recipe = RECIPES[arguments.network].replace(epochs=arguments.epochs)
    images = read_image_folder(arguments.data, MNIST_SHAPE, ["train"])
    test = read_image_folder(arguments.data, MNIST_SHAPE, ["t10k", "test"])
    training = train.Training(images, recipe, arguments.seed)
    started = time.monotonic()

    def report(epoch: EpochReport) -> None:
        print(
            f"epoch {epoch.epoch:2} of {epoch.epochs}  loss {epoch.loss:.4f}  "
            f"test accuracy {epoch.accuracy:.2%}  {time.monotonic() - started:.0f} s",
            file=out,
            flush=True,
        )

    network = train.train_network(training, test, arguments.network, output, report)
    accuracy = train.software_accuracy(network, test)
    print(f"{output}: test accuracy {accuracy:.2%}", file=out)
    result = {
        "network": arguments.network,
        "output": str(output),
        "epochs": recipe.epochs,
        "seed": arguments.seed,
        "accuracy": {"software": accuracy},
    }
    return result, 0
