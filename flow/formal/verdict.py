"""What came of a proof, its cover and its mutant."""

from ...record import Record

PROVEN, FAILED, UNDECIDED = "proven", "failed", "undecided"
REACHED, UNREACHED = "reached", "unreached"
SURVIVES, CAUGHT = "survives", "fails"


class Verdict(Record):
    """What came of one property of one design."""

    name: str
    design: str
    scope: str
    statement: str
    method: str
    depth: int
    """Cycles."""
    reach: str
    """What the depth is to be compared with, in words; empty for induction."""
    result: str
    """`PROVEN`, `FAILED` or `UNDECIDED`."""
    cover_result: str
    """Whether what the property is about occurs: `REACHED` or `UNREACHED`."""
    mutant: str
    mutant_design: str
    """Where the mutant was tried: a fault that several designs have, in the first of them."""
    mutant_result: str
    """Whether the proof fails for it, as it must: `CAUGHT` or `SURVIVES`."""
    explanation: str = ""
    """Of a failure: where its waveforms are."""

    @property
    def holds(self) -> bool:
        """Proven, not empty, and its proof can fail."""
        return (self.result, self.cover_result, self.mutant_result) == (PROVEN, REACHED, CAUGHT)

    @property
    def fault(self) -> str:
        """What is wrong, for a person."""
        if self.result != PROVEN:
            return self.explanation or self.result
        if self.cover_result != REACHED:
            return "proven, but what it is about never occurs"
        return f"proven even where {self.mutant}"
