"""A layer of ideal cells whose neurons err at the authors' rates: their simulation of a network."""

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...hdl.config import ArrayGroup, Readout
from ..draws import Domain, LayerKey
from ..neuron.error_law import error_law
from ..neuron.neuron_errors import wrong_sign_probabilities


class ErrorLawLayer:
    """The neuron error law in place of devices and comparator [P].

    Each sign is drawn anew, wrong with the probability `neuron_errors.wrong_sign_probabilities` of
    its surplus; a score of -s errs as one of s.

    Parameters
    ----------
    config : ArrayGroup
        A SIGN layer with inputs of one bit.
    weights : ndarray of int8, shape (M, n)
        +1 or -1, bias columns included.
    key : LayerKey
    bit_error_rate : float
        Of a column's product, 0 to 0.5.
    clock_s : float
        Clock period of the comparator, s.

    Raises
    ------
    InputError
        A layer of counts or of inputs of several bits, for which there is no law, or a value out of
        range.
    """

    def __init__(
        self,
        config: ArrayGroup,
        weights: NDArray[np.int8],
        key: LayerKey,
        *,
        bit_error_rate: float,
        clock_s: float,
    ) -> None:
        if config.readout is not Readout.SIGN:
            raise InputError(
                f"{config.name}: found a count read-out, expected a sign layer: the published "
                "error law is for signs"
            )
        if config.bits_per_input > 1:
            raise InputError(
                f"{config.name}: found inputs of {config.bits_per_input} bits, expected 1: the "
                "published error law is for popcounts"
            )
        self.config = config
        self._weights = weights.T.astype(np.float32)
        law, _ = error_law(clock_s)
        self._wrong = wrong_sign_probabilities(config.fan_in, law, [bit_error_rate])[:, 0]
        self._reach = 2 * int(np.flatnonzero(self._wrong).max(initial=0)) + 1
        self._draws = key.decisions(Domain.NEURON_ERROR)

    def signs(
        self, inputs: NDArray[np.float32], evaluations: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """The neurons' bits.

        Parameters
        ----------
        inputs : ndarray of float32, shape (K, n)
            +1 or -1.
        evaluations : ndarray of int, shape (K,)
            Evaluation numbers, keys of the draws.

        Returns
        -------
        ndarray of bool, shape (K, M)
            True for +1.
        """
        scores = inputs @ self._weights
        bits = scores > 0
        near = np.flatnonzero(np.abs(scores) <= self._reach)
        places, neurons = np.divmod(near, scores.shape[1])
        surplus = np.abs(scores.ravel()[near]).astype(np.intp) // 2
        uniform = self._draws.uniform(evaluations[places], 0, neurons)
        bits.reshape(-1)[near] ^= uniform < self._wrong[surplus]
        return bits
