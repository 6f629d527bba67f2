"""Figure ``energy``: energy of an evaluation by cause and layer, in two technologies."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..behav.chip.drawn import draw_layer
from ..behav.draws import LayerKey
from ..behav.energy.causes import CAUSES
from ..behav.energy.layer import LayerEnergy, network_energy
from ..behav.parameters.chip import ChipParameters
from ..behav.parameters.energy import EnergyParameters
from ..bnn import software
from ..bnn.mapping import MappedNetwork
from .look import PAGE_MM, letter_panels, new_figure, series_styles
from .tables import Table, Tables, distinct, rows_where, table_of_rows

_NAMES = ("technology", "layer", "cause", "rows_per_image", "per_row_pj", "per_image_nj")


def energy_tables(
    mapped: MappedNetwork,
    bits: NDArray[np.uint8],
    parameters: ChipParameters,
    technologies: Mapping[str, EnergyParameters],
    chip: int | None,
) -> Tables:
    """The table ``causes``: one row per technology, layer and cause.

    It is the mean over images, whose input bits (K, N) are given; the layers behind the first one
    get what the software network gives. The bridges are those of `chip`, None for the ideal one,
    under the condition `parameters`.
    """
    inputs = [bits, *software.run(mapped.network, bits).layer_bits]
    chip_layers = [
        draw_layer(layer.config, layer.weights, parameters, LayerKey(chip, index))
        for index, layer in enumerate(mapped.layers)
    ]
    rows = []
    for technology, energy in technologies.items():
        layers = network_energy(chip_layers, inputs, energy)
        rows += [(technology, *row) for layer in layers for row in _causes(layer)]
    return {"causes": table_of_rows(_NAMES, rows)}


def _causes(layer: LayerEnergy) -> list[tuple[Any, ...]]:
    count = layer.evaluations
    return [
        (layer.name, cause, count, joules / count * 1e12, joules * 1e9)
        for cause, joules in layer.causes_j.items()
    ]


def draw_energy(tables: Tables) -> Any:
    """One panel per technology: a line per cause, a marker per layer, energy to the right."""
    table = tables["causes"]
    technologies = distinct(table["technology"])
    figure = new_figure(PAGE_MM, 70)
    panels = figure.subplots(1, len(technologies), sharey=True, squeeze=False)[0]
    for axes, technology in zip(panels, technologies, strict=True):
        _draw_technology(axes, technology, rows_where(table, technology=technology))
    names = [cause.replace("_", " ").replace("sl ", "SL ") for cause in CAUSES]
    panels[0].set_yticks(range(len(names) + 1), [*names, "all"])
    panels[0].invert_yaxis()
    letter_panels(panels)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_technology(axes: Any, technology: str, table: Table) -> None:
    layers = distinct(table["layer"])
    for number, (layer, style) in enumerate(zip(layers, series_styles(len(layers)), strict=True)):
        rows = rows_where(table, layer=layer)
        energies_pj = [*rows["per_row_pj"], sum(rows["per_row_pj"])]
        # Side by side: layers of like size would hide one another.
        shift = (number - (len(layers) - 1) / 2) * 0.2
        axes.plot(energies_pj, np.arange(len(energies_pj)) + shift, **style.points,
                  markersize=3, label=layer)  # fmt: skip
    per_image_nj = sum(table["per_image_nj"])
    axes.set(
        xscale="log", xlabel="energy per row evaluated (pJ)",
        title=f"{technology.replace('nm', ' nm')}: {per_image_nj:.4g} nJ per image",
    )  # fmt: skip
    axes.axhline(len(CAUSES) - 0.5, color="0.6", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
