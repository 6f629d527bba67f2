"""What ``popbridge synth`` prints: a controller's cost, and both layers beside each other."""

from collections.abc import Sequence

from ...flow.synthesis.cost import BlockCost
from ...flow.synthesis.synthesise import TARGETS
from ...study.digital.result import DigitalPoint, DigitalResult, LayerCost, LogicEnergy
from ...study.synthesis import SynthesisResult
from .output import table


def synthesis_text(result: SynthesisResult) -> str:
    """What a controller takes."""
    values: dict[str, object] = {"cells": result.cells, "flip-flops": result.flip_flops}
    if result.transistors is not None:
        values["transistors"] = result.transistors
    if result.area is not None:
        values["area, unit of the library"] = f"{result.area:.0f}"
    if result.depth is not None:
        values["logic depth, cells"] = result.depth
    if result.fmax_hz is not None:
        values["clock, MHz"] = f"{result.fmax_hz / 1e6:.1f}"
    lines = [f"{result.design}; target {result.target}: {TARGETS[result.target]}", ""]
    lines.append(table(("", "found"), list(values.items())))
    if result.blocks is not None:
        lines += ["", _block_table(result.blocks)]
    return "\n".join([*lines, "", *_clock_lines(result), *result.files])


def _block_table(blocks: dict[str, BlockCost]) -> str:
    """Each block's share of what the library measures, of transistors, or of cells."""
    measure, sizes = _sizes(list(blocks.values()))
    rows = [
        (
            name,
            block.cells,
            block.flip_flops,
            *([f"{size:.0f}"] if measure else []),
            f"{100 * size / sum(sizes):.1f} %",
        )
        for (name, block), size in zip(blocks.items(), sizes, strict=True)
    ]
    return table(("block by itself", "cells", "flip-flops", *measure, "share"), rows)


def _sizes(blocks: Sequence[BlockCost]) -> tuple[tuple[str, ...], list[float]]:
    """What blocks are measured in beside cells, if anything, and how large each is."""
    if blocks[0].area is not None:
        return ("area",), [block.area or 0.0 for block in blocks]
    if blocks[0].transistors is not None:
        return ("transistors",), [block.transistors or 0 for block in blocks]
    return (), [block.cells for block in blocks]


def _clock_lines(result: SynthesisResult) -> list[str]:
    if result.without_clock:
        return [f"no clock: {result.without_clock}"]
    if result.fmax_hz is None:
        return []
    verdict = "closes" if result.closes else "does not close"
    return [f"{verdict} {result.clock_hz / 1e6:g} MHz; worst path {result.worst_path}"]


def digital_text(result: DigitalResult) -> str:
    """What the bridge layer's controller and the all-digital layer take."""
    neurons = result.points[0].neurons
    tables = [
        f"{neurons} neurons; {result.library or 'no library: transistors'}",
        _cost_table(result.points),
    ]
    if result.library is not None:
        tables.append(_storage_table(result.points))
    if result.points[0].bridge.per_evaluation_j is not None:
        tables.append(_energy_table(result.points))
    return "\n\n".join(tables)


def _cost_table(points: Sequence[DigitalPoint]) -> str:
    sides: list[tuple[str, LayerCost]] = []
    for point in points:
        sides.append((f"{point.fan_in}, bridge", point.bridge))
        sides.append((f"{point.fan_in}, digital", point.digital))
    rows = [
        (
            title,
            side.cells,
            side.flip_flops,
            _number(side.transistors if side.area is None else side.area),
            "-" if side.depth is None else side.depth,
            _number(side.fmax_hz, 1e-6),
            f"{side.cycles_per_neuron:.2f}",
        )
        for title, side in sides
    ]
    area = "transistors" if points[0].bridge.area is None else "area"
    return table(("logic", "cells", "flip-flops", area, "depth", "MHz", "cycles per neuron"), rows)


def _storage_table(points: Sequence[DigitalPoint]) -> str:
    rows = [
        (
            f"{point.fan_in}, digital",
            storage.bits,
            _number(storage.flip_flops_area),
            _number(storage.sram_cells_area_um2),
        )
        for point in points
        for storage in [point.digital.storage]
    ]
    return table(("weights, in addition", "bits", "area, flip-flops", "um^2, SRAM cells"), rows)


def _energy_table(points: Sequence[DigitalPoint]) -> str:
    rows = []
    for point in points:
        bridge, digital = point.bridge.per_evaluation_j, point.digital.per_evaluation_j
        if bridge is not None and digital is not None:
            rows.append(_energy_row(f"{point.fan_in}, bridge", bridge, bridge.array))
            rows.append(_energy_row(f"{point.fan_in}, digital", digital, digital.memory))
    titles = ("pJ per neuron, 130 nm", "logic", "clock, gated", "clock", "array or memory")
    return table(titles, rows)


def _energy_row(title: str, energy: LogicEnergy, own_j: float) -> list[str]:
    joules = (energy.logic, energy.gated_clock, energy.clock, own_j)
    return [title, *(f"{value * 1e12:.1f}" for value in joules)]


def _number(value: float | None, scale: float = 1.0) -> str:
    return "-" if value is None else f"{value * scale:.0f}"
