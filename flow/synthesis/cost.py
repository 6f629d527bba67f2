"""What Yosys counted of a synthesised design: cells, flip-flops, transistors, area, depth."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...record import Record


class BlockCost(Record):
    """What one block of a design takes, synthesised on its own."""

    cells: int
    flip_flops: int
    transistors: int | None
    area: float | None

    @classmethod
    def sum_of(cls, parts: Sequence[BlockCost]) -> Self:
        """Of several blocks; of what is unknown of all of them nothing is known."""
        transistors = [part.transistors for part in parts if part.transistors is not None]
        areas = [part.area for part in parts if part.area is not None]
        return cls(
            cells=sum(part.cells for part in parts),
            flip_flops=sum(part.flip_flops for part in parts),
            transistors=sum(transistors) if transistors else None,
            area=sum(areas) if areas else None,
        )


@dataclass(frozen=True, kw_only=True)
class ModuleCost:
    """A module without its submodules."""

    total: BlockCost
    cells_by_type: dict[str, int]


def module_costs(folder: Path) -> dict[str, ModuleCost]:
    """By module, from ``cells.json`` and ``flip_flops.json`` (see `script.yosys_script`)."""
    counted, before = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["modules"]
        for name in ("cells", "flip_flops")
    )
    costs = {}
    for name, counts in counted.items():
        inside = [
            counted[f"\\{kind}"] for kind in counts["num_cells_by_type"] if f"\\{kind}" in counted
        ]
        cells = _own_cells(counts, counted)
        total = BlockCost(
            cells=sum(cells.values()),
            flip_flops=_flip_flops(_own_cells(before[name], counted)),
            transistors=_own_sum("estimated_num_transistors", counts, inside),
            area=_own_sum("area", counts, inside),
        )
        costs[name.removeprefix("\\")] = ModuleCost(total=total, cells_by_type=cells)
    return costs


def _own_cells(counts: dict[str, Any], modules: Container[str]) -> dict[str, int]:
    """Cells by type, without submodules and what only says where names come from."""
    return {
        kind: count
        for kind, count in counts["num_cells_by_type"].items()
        if f"\\{kind}" not in modules and kind != "$scopeinfo"
    }


def _flip_flops(cells_by_type: dict[str, int]) -> int:
    """How many cells of some are flip-flops of Yosys or of an FPGA."""
    flip_flop = re.compile(r"\$_.*DFF|SB_DFF|TRELLIS_FF$")
    return sum(count for kind, count in cells_by_type.items() if flip_flop.match(kind))


def _own_sum(name: str, counts: dict[str, Any], inside: Sequence[dict[str, Any]]) -> Any:
    """What Yosys gives for a module with its submodules, without them."""
    if name not in counts:
        return None
    # Transistors come as text; a + behind would say that some cell was not known.
    whole, *parts = (
        int(found) if isinstance(found := module[name], str) else found
        for module in (counts, *inside)
    )
    return whole - sum(parts)


def logic_depth(path: Path) -> int | None:
    """The length of the longest path in what ``ltp`` wrote, if it is there."""
    if not path.exists():
        return None
    found = re.search(r"\(length=(\d+)\)", path.read_text(encoding="utf-8"))
    assert found, "ltp gives a length, 0 at least"
    return int(found[1])
