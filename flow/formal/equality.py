"""Two controllers that differ in a few modules: are their outputs equal for ever from reset?

A module that is equal from its initial state, whatever comes in, may take the other's place; so a
small proof about the module that differs is tried first, then one about the module around it, up to
the whole controller, where what nobody looks at is equal, too.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..emit.controller import CONTROLLER
from ..tools.abc import run_abc
from ..tools.yosys import run_yosys

LIMIT_S = 20
"""Of processor time, for each step of a proof about a module below the top."""
TOP_LIMIT_S = 60
"""The same for the whole controller."""
CYCLES = 200
"""After a reset, in which outputs are compared before a proof without a bound is tried."""
_MITER = """
read_rtlil {side}.il
hierarchy -top {module}
flatten
setundef -zero
rename {module} {side}
design -stash {side}
"""
# Initial values are those of a reset: the miter of all outputs starts from them.
_MITERS = """
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
miter -equiv -flatten gold gate miter
hierarchy -top miter
techmap
dffunmap
opt_clean
setundef -zero
aigmap
opt_clean
write_aiger -zinit miter.aig
"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the proofs came to."""

    equal: bool
    """All outputs are equal in all cycles after reset, whatever the inputs."""
    how: str
    """The last proof: module and method; where nothing is proven, the cycles after reset in which
    all outputs are proven equal, or the first in which they differ."""


def compare(gold: str, gate: str, *, thorough: bool = True) -> Verdict:
    """Hold a controller with a fault, `gate`, against the one without, both RTLIL in modules.

    Parameters
    ----------
    gold, gate : str
    thorough : bool
        Where a module is not equal by itself, try those around it, too.

    Raises
    ------
    InputError
        A tool is missing.
    """
    before, after = _modules(gold), _modules(gate)
    differing = {name for name in before | after if before.get(name) != after.get(name)}
    if not differing:
        return Verdict(equal=True, how="the same text")
    parents = _parents(before)
    told = set()
    while differing:
        module = max(differing, key=lambda name: (_depth(name, parents), name))
        differing.remove(module)
        known = module in before and module in after
        verdict = _prove(gold, gate, module) if known else None
        if verdict is not None and verdict.equal:
            told.add(f"{module}: {verdict.how}")
        elif module not in parents or not thorough:
            return verdict or Verdict(equal=False, how="other modules")
        else:
            differing.add(parents[module])
    return Verdict(equal=True, how="; ".join(sorted(told)))


def _modules(rtlil: str) -> dict[str, str]:
    """The text of each module of a design, by name."""
    found = re.finditer(r"^module \\(\S+)\n(.*?)^end$", rtlil, flags=re.MULTILINE | re.DOTALL)
    return {match[1]: _without_numbers(match[2]) for match in found}


def _without_numbers(text: str) -> str:
    """A module's text with names that Yosys made numbered anew, and without places in files."""
    text = re.sub(r"^ *attribute \\src .*\n", "", text, flags=re.MULTILINE)
    numbers: dict[str, str] = {}
    return re.sub(
        r"(?<=\s)(?:\$\S*\$\S*|\\_\d+_)",
        lambda m: numbers.setdefault(m[0], f"$${len(numbers)}"),
        text,
    )


def _parents(modules: Mapping[str, str]) -> dict[str, str]:
    """In which module each one is placed; each is placed once."""

    def placed() -> Iterator[tuple[str, str]]:
        for name, text in modules.items():
            for cell in re.findall(r"^  cell \\(\S+)", text, flags=re.MULTILINE):
                yield cell, name

    return dict(placed())


def _depth(module: str, parents: Mapping[str, str]) -> int:
    depth = 0
    while module in parents:
        module, depth = parents[module], depth + 1
    return depth


def _prove(gold: str, gate: str, module: str) -> Verdict | None:
    """The proof about one module and what is in it; None if the two have other ports."""
    limit_s = TOP_LIMIT_S if module == CONTROLLER else LIMIT_S
    if _ports(gold, module) != _ports(gate, module):
        return None
    with tempfile.TemporaryDirectory(prefix="popbridge-equal-") as name:
        folder = Path(name)
        (folder / "gold.il").write_text(gold, encoding="utf-8")
        (folder / "gate.il").write_text(gate, encoding="utf-8")
        script = "".join(_MITER.format(side=side, module=module) for side in ("gold", "gate"))
        run_yosys(script + _MITERS, folder)
        # Registers are merged first, then gates: 20 to 40 times as fast as both at once.
        commands = "read_aiger miter.aig; strash; lcorr; scorr; write_aiger left.aig; print_stats"
        said = run_abc(commands, folder, limit_s)
        if re.search(r"lat = +0 +and = +0\b", said):
            said = run_abc("read_aiger left.aig; dprove", folder, limit_s)
            if "Networks are equivalent" in said:
                return Verdict(equal=True, how="induction")
        left = "left.aig" if (folder / "left.aig").exists() else "miter.aig"
        # A difference shows early as a rule, and PDR is slow to find it.
        bounded = f"read_aiger {left}; strash; bmc3 -F {CYCLES} -T {limit_s // 2}"
        said = run_abc(bounded, folder, limit_s)
        frames = re.search(r"No output asserted in (\d+) frames", said)
        if not _differs(said):
            said = run_abc(f"read_aiger {left}; strash; pdr -T {limit_s}", folder, 2 * limit_s)
        if "Property proved" in said:
            return Verdict(equal=True, how="PDR")
        if cycle := _differs(said):
            return Verdict(equal=False, how=f"outputs differ in cycle {cycle[1]}")
        cycles = frames[1] if frames else "0"
        return Verdict(equal=False, how=f"not decided; equal in the first {cycles} cycles")


def _differs(said: str) -> re.Match[str] | None:
    return re.search(r"was asserted in frame (\d+)", said)


def _ports(rtlil: str, module: str) -> set[str]:
    text = _modules(rtlil).get(module, "")
    return set(re.findall(r"^  wire (?:width \d+ )?(?:input|output) \d+ \S+", text, flags=re.M))
