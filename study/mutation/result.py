"""What a mutation campaign finds, as records."""

from collections import Counter
from collections.abc import Sequence
from typing import Self

from ...field_types import Count, Share, Size
from ...record import Result, ResultPart

EQUAL, SURVIVED = "equal", "survived"
"""Beside the names of attacks: what can become of a mutant."""


class MutantResult(ResultPart):
    """What became of one mutant."""

    kind: str
    """``netlist`` or ``source``."""
    module: str
    """The module of Python that describes the hardware with the fault."""
    design: str
    """That it was put into."""
    mode: str
    """The kind of fault: as Yosys calls it, or what was changed in the source."""
    place: str
    """The wire or cell that has it, or file and line."""
    sources: tuple[str, ...]
    """Lines of the SystemVerilog that it belongs to, or the function of the source."""
    command: str
    """Yosys' command that puts the fault in, or what stood in the source and what does now."""
    outcome: str
    """An attack, `EQUAL` or `SURVIVED`."""
    reason: str
    """In which design the attack found it, and why; the proof; or what the proofs came to."""

    @property
    def killed(self) -> bool:
        """Whether an attack found it."""
        return self.outcome not in (EQUAL, SURVIVED)


class KillRate(ResultPart):
    """Shares of mutants that an attack found."""

    of_all: Share
    of_different: Share
    """Of those not proven equal to the original."""

    @classmethod
    def of(cls, results: Sequence[MutantResult]) -> Self:
        """Of at least one mutant."""
        killed = sum(result.killed for result in results)
        different = sum(result.outcome != EQUAL for result in results)
        return cls(of_all=killed / len(results), of_different=killed / max(1, different))


class MutateResult(Result):
    """A campaign; docs/mutation.md."""

    made_by = "popbridge mutate"

    mutants: Size
    outcomes: dict[str, Count]
    """Mutants by what became of them: attacks from cheap to dear, `EQUAL`, `SURVIVED`."""
    kill_rate: KillRate
    results: tuple[MutantResult, ...]
    seed: Count
    versions: dict[str, str]
    command: tuple[str, ...]
    """Words that repeat it."""

    @property
    def modules(self) -> list[str]:
        """Modules of the hardware that had mutants."""
        return sorted({each.module for each in self.results})

    def outcomes_of(self, module: str) -> list[int]:
        """How many mutants of a module became what, in the order of `outcomes`."""
        found = Counter(each.outcome for each in self.results if each.module == module)
        return [found[name] for name in self.outcomes]
