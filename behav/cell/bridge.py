"""The inverter on a bridge's midpoint: its switching threshold."""

import numpy as np
from numpy.typing import NDArray

from ...hdl.config import ArrayGroup
from ..draws import Domain, LayerKey
from ..parameters.bridge import BridgeParameters


def draw_thresholds_v(
    config: ArrayGroup, parameters: BridgeParameters, key: LayerKey
) -> NDArray[np.float64]:
    """One draw of the inverter thresholds of a layer.

    Returns
    -------
    ndarray of float64, shape (macros, n)
        Volts; an inverter belongs to a column of a macro and serves all its rows.
    """
    stream = key.stream(Domain.INVERTER)
    deviates = [stream.at(macro).standard_normal(config.fan_in) for macro in range(config.macros)]
    return parameters.inverter_threshold_v + parameters.inverter_threshold_sigma_v * np.array(
        deviates
    )
