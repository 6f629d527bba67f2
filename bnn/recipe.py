"""The training recipes, apart from the training itself so that they are there without PyTorch."""

from typing import Annotated

from ..errors import InputError
from ..field_types import Count, Limits, Size
from ..record import Record


class Recipe(Record):
    """All the numbers of a training."""

    hidden: tuple[Size, ...] = (1025, 1025, 1025)
    """Neurons of the hidden layers; the paper's MNIST network."""
    classes: Size = 10
    input_threshold: int = 128
    """An input is +1 iff pixel >= input_threshold; of inputs of one bit."""
    bits_per_input: Annotated[int, Limits(1, 8)] = 1
    """The most significant bits of a pixel that its input has; see `Network`."""
    epochs: Size = 60
    batch: Size = 200
    """Images per step; what is left over at the end of an epoch sits that epoch out."""
    learning_rate: float = 3e-3
    """Peak of the one-cycle schedule of Adam."""
    offset_learning_rate_factor: float = 10.0
    """The last layer's offsets are counts, so they take larger steps."""
    warm_up: float = 0.05
    """Fraction of the steps in which the learning rate rises."""
    dropout: float = 0.1
    """Behind each hidden layer."""
    shift: Count = 1
    """Images are moved by up to this many pixels each way."""
    shift_groups: Size = 4
    """Parts of a batch that are moved differently."""
    latent_range: float = 0.1
    """Latent weights start uniformly in +-latent_range; training keeps them in [-1, 1]."""
    log_score_scale: float = -3.0
    """Start of the learned logarithm of the factor from scores to logits."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.hidden:
            raise InputError("hidden: found (), expected at least one size")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout: found {self.dropout!r}, expected a fraction below 1")


RECIPES = {"mnist": Recipe(), "mnist-4bit": Recipe(bits_per_input=4)}
"""What made the shipped networks, by their names."""
