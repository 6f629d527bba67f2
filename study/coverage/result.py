"""What coverage finds, as records."""

from collections.abc import Iterator

from ...field_types import Count
from ...record import Result, ResultPart


class FileCoverage(ResultPart):
    """Points of one kind from one file of the hardware, over all designs and instances."""

    file: str
    kind: str
    """``line``, ``branch`` or ``toggle``."""
    points: Count
    reached: Count
    constant: Count
    """Edges, not reached, of bits that are proven not to move."""
    listed: Count
    """Not reached for a reason that `unreached.toml` gives."""

    @property
    def missing(self) -> int:
        """Neither reached nor accounted for."""
        return self.points - self.reached - self.constant - self.listed


class CrossCoverage(ResultPart):
    """Bins of one cross of one design."""

    design: str
    cross: str
    bins: Count
    hit: Count
    listed: Count
    """Not hit for a reason that `unreached.toml` gives."""

    @property
    def missing(self) -> int:
        """Neither hit nor accounted for."""
        return self.bins - self.hit - self.listed


class Missing(ResultPart):
    """What is neither reached nor accounted for."""

    design: str
    where: str
    """A file of the hardware, or a cross."""
    kind: str
    """``line``, ``branch``, ``toggle`` or ``bin``."""
    name: str


class Listed(ResultPart):
    """What an entry of `unreached.toml` comes to."""

    names: str
    reason: str
    excused: Count
    """Points or bins that nothing reaches."""
    reached: tuple[str, ...]
    """Those that are reached: the entry says too much."""

    @property
    def stale(self) -> bool:
        """Whether it is wrong, or for nothing."""
        return bool(self.reached) or not self.excused


class CoverageResult(Result):
    """What suites and scenarios reach; docs/coverage.md."""

    made_by = "popbridge coverage"

    designs: tuple[str, ...]
    scenarios: Count
    """Of each design."""
    seed: Count
    files: tuple[FileCoverage, ...]
    crosses: tuple[CrossCoverage, ...]
    missing: tuple[Missing, ...]
    listed: tuple[Listed, ...]
    versions: dict[str, str]
    command: tuple[str, ...]
    """Words that repeat it."""

    def of_kind(self, kind: str) -> FileCoverage:
        """The sum over all files."""
        parts = [each for each in self.files if each.kind == kind]
        return FileCoverage(
            file="all",
            kind=kind,
            points=sum(each.points for each in parts),
            reached=sum(each.reached for each in parts),
            constant=sum(each.constant for each in parts),
            listed=sum(each.listed for each in parts),
        )

    @property
    def stale(self) -> Iterator[Listed]:
        """Entries of `unreached.toml` that are wrong, or for nothing."""
        return (each for each in self.listed if each.stale)
