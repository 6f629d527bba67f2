"""Layer kinds: what is presented to an array group when, and what becomes of its results."""

from .array_group import ArrayGroup


class LayerConfig(ArrayGroup):
    """A dense layer: an image is one vector of inputs, and its results go on together."""

    @property
    def evaluations(self) -> int:
        """Input vectors that an image presents to the arrays."""
        return 1

    @property
    def latency(self) -> int:
        """Clock cycles from taking an image to its result, and to taking the next one."""
        return self.evaluations * self.scan_cycles + 1
