"""Sizes and latencies of the all-digital layer, the alternative to bridge arrays.

Free of Amaranth, like `config`.
"""

from ...field_types import Size
from ...record import Record


class DigitalLayerConfig(Record):
    """A dense layer that counts agreeing bits: XNOR, compressor tree, threshold per neuron."""

    inputs: Size
    """N, the inputs of a neuron; one bit each."""
    neurons: Size
    """M."""
    adder_levels_per_stage: Size = 4
    """Full adders in a row between two ranks of pipeline registers."""

    @property
    def threshold_bits(self) -> int:
        """T, what holds thresholds from 0 (always +1) to N + 1 (always -1)."""
        return (self.inputs + 1).bit_length()

    @property
    def word_bits(self) -> int:
        """Bits of memory per neuron: its weights and its threshold."""
        return self.inputs + self.threshold_bits

    @property
    def column_heights(self) -> list[list[int]]:
        """Bits of each power of two, before the tree and after each of its levels.

        Before it: N products, the complement of the threshold, and a one. A level replaces every
        three bits of a column by their sum, and a carry in the next column, until no column has
        more than two [Wallace 1964, doi 10.1109/PGEC.1964.263830]. The total stays below 2^(T+1),
        so that there is no column beyond T.
        """
        heights = [[self.inputs + 2] + [1] * (self.threshold_bits - 1) + [0]]
        while max(heights[-1]) > 2:
            adders = [height // 3 for height in heights[-1]]
            carries = [0, *adders[:-1]]
            heights.append(
                [
                    height - 2 * sums + carried
                    for height, sums, carried in zip(heights[-1], adders, carries, strict=True)
                ]
            )
        return heights

    @property
    def adder_levels(self) -> int:
        """Full adders in a row, from a product to the two rows that are left."""
        return len(self.column_heights) - 1

    @property
    def tree_stages(self) -> int:
        """Ranks of pipeline registers in the tree."""
        return -(-self.adder_levels // self.adder_levels_per_stage)

    @property
    def latency(self) -> int:
        """Clock cycles from taking an image to its result, and to taking the next one.

        One per neuron, one to present the first row's address, one to read it, and the tree.
        """
        return self.neurons + 2 + self.tree_stages
