"""A layer programmed from blank without pins, row by row, and what inference sees of it."""

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

    def layer_chip(self):
        """The layer's physics on these cells."""
        return self.blank.layer_chip(self.weights, [row.line for row in self.rows])


def program_layer(config, weights, parameters, key):
    """Program all rows of a layer; `key` is that of its draws."""
    blank = BlankLayer(config, parameters, key)
    return ProgrammedLayer(blank, weights, blank.program(weights > 0))
