"""The binarized model in training, and the integer network that it becomes.

Latent weights and straight-through signs after Courbariaux et al. 2016 (arXiv 1602.02830). Besides,
each hidden threshold is kept within reach of its layer's bias columns, so that the trained network
maps onto macros without saturation. With `train` the only module that needs PyTorch.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from .network import DenseLayer, Network
from .recipe import Recipe
from .thresholds import bias_for_thresholds, fold_batch_norm, hidden_bias_columns


class _Sign(torch.autograd.Function):
    """+1 for x >= 0, else -1; backwards the identity where |x| <= 1, else 0."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = context.saved_tensors
        return gradient * (x.abs() <= 1)


class Model(torch.nn.Module):
    """The network in training: latent weights, batch-norms, offsets."""

    def __init__(self, inputs: int, recipe: Recipe) -> None:
        super().__init__()
        sizes = (inputs, *recipe.hidden, recipe.classes)
        self.dropout = recipe.dropout
        self.weights = torch.nn.ParameterList(
            (torch.rand(outputs, inputs) * 2 - 1) * recipe.latent_range
            for inputs, outputs in pairwise(sizes)
        )
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm1d(size) for size in recipe.hidden)
        self.offsets = torch.nn.Parameter(torch.zeros(recipe.classes))
        self.log_scale = torch.nn.Parameter(torch.tensor(recipe.log_score_scale))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (K, classes) of inputs (K, N) of -1 and +1."""
        for weights, norm in zip(self.weights, self.norms, strict=False):
            x = _Sign.apply(norm(functional.linear(x, _Sign.apply(weights))))
            x = functional.dropout(x, self.dropout, self.training)
        scores = functional.linear(x, _Sign.apply(self.weights[-1]))
        rounded = self.offsets + (self.offsets.round() - self.offsets).detach()
        return (scores + rounded) * self.log_scale.exp()

    @torch.no_grad()
    def constrain(self) -> None:
        """Clip the latent weights to [-1, 1] and the thresholds to the reach of bias columns."""
        for weights in self.weights:
            weights.clamp_(-1, 1)
        for weights, norm in zip(self.weights, self.norms, strict=False):
            reach = hidden_bias_columns(weights.shape[1])
            slope = norm.weight / (norm.running_var + norm.eps).sqrt()
            threshold = norm.running_mean - norm.bias / slope
            inside = (norm.running_mean - threshold.clamp(-reach, reach)) * slope
            norm.bias.copy_(torch.where(threshold.abs() > reach, inside, norm.bias))

    def folded(self, name: str, shape: tuple[int, ...], recipe: Recipe) -> Network:
        """The integer network: signs of the weights, batch-norms as thresholds.

        Training sees inputs of several bits divided by their largest value T: the first layer's
        sums are T times those seen in training. Its thresholds become the nearest that bias columns
        hold, so that the array computes this network exactly.
        """
        signs = [np.where(w.detach().numpy() >= 0, 1, -1).astype(np.int8) for w in self.weights]
        layers: list[DenseLayer] = []
        for rows, norm in zip(signs, self.norms, strict=False):
            top = 1 if layers else 2**recipe.bits_per_input - 1
            thresholds, flip = fold_batch_norm(
                top * norm.running_mean.numpy().astype(np.float64),
                top**2 * norm.running_var.numpy().astype(np.float64),
                norm.weight.detach().numpy(),
                norm.bias.detach().numpy(),
                top**2 * norm.eps,
            )
            rows[flip] *= -1
            if top > 1:
                inputs = rows.shape[1]
                columns = hidden_bias_columns(inputs)
                thresholds = bias_for_thresholds(thresholds, inputs, columns, top).thresholds
            layers.append(DenseLayer(rows, thresholds=thresholds))
        offsets = self.offsets.detach().round().to(torch.int32).numpy()
        layers.append(DenseLayer(signs[-1], offsets=offsets))
        return Network(name, shape, recipe.input_threshold, tuple(layers), recipe.bits_per_input)
