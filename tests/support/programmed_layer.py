"""A layer programmed from blank without pins, row by row, and what inference sees of it."""

from __future__ import annotations

from dataclasses import dataclass

from popbridge.sim.host.blank_chip import BlankLayer


@dataclass(frozen=True)
class ProgrammedLayer:
    """A layer after programming."""

    blank: BlankLayer
    weights: object
    rows: list

    @property
    def macros(self):
        """The cells, macro by macro."""
        return self.blank.macros

    def layer_chip(self, noise_seed):
        """The layer's physics on these cells."""
        lines = [row.line for row in self.rows]
        return self.blank.layer_chip(self.weights, lines, noise_seed)


def program_layer(config, weights, parameters, chip, number):
    """Program all rows of layer `number` of a chip."""
    blank = BlankLayer(config, parameters, chip, number)
    return ProgrammedLayer(blank, weights, blank.program(weights > 0))
