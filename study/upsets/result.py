"""What a campaign of upsets finds, as records."""

from collections import Counter

from ...field_types import Count, Share, Size
from ...record import Result, ResultPart
from .kinds import KINDS

NO_EFFECT, RECOVERED, FLAGGED = "no effect", "recovered", "flagged"
SILENT, HANG = "silent", "hang"
OUTCOMES = (NO_EFFECT, RECOVERED, FLAGGED, SILENT, HANG)
"""Results as without the upset; wrong ones of images in progress or of the next, no others; an
error flag; wrong ones later, or configuration that is not what it was, without a flag; no results
any more, without a flag."""


class UpsetResult(ResultPart):
    """What became of one upset."""

    design: str
    register: str
    bit: Count
    cycle: Count
    kind: str
    module: str
    set_up: bool
    """It was while the host set up, calibrated or programmed; else while images came."""
    outcome: str
    wrong: tuple[int, ...]
    """Images whose result was wrong, or missing."""


class UpsetsResult(Result):
    """A campaign; docs/upsets.md."""

    made_by = "popbridge upset"

    upsets: Size
    outcomes: dict[str, Count]
    """Upsets by what became of them."""
    silent_share: Share
    """Share of all that are silent or hang."""
    results: tuple[UpsetResult, ...]
    seed: Count
    versions: dict[str, str]
    command: tuple[str, ...]
    """Words that repeat it."""

    def table(self, set_up: bool) -> list[list[object]]:
        """A row of counts by outcome for each kind of register."""
        rows: list[list[object]] = []
        for kind in KINDS:
            those = [r for r in self.results if r.kind == kind and r.set_up == set_up]
            found = Counter(each.outcome for each in those)
            rows.append([kind, len(those), *(found[name] for name in OUTCOMES)])
        return rows

    def unprotected(self) -> list[tuple[str, int]]:
        """Registers, `layer<k>` and `macro<k>` as they are, with silent upsets; most first."""
        found = Counter(
            f"{each.design}: {each.register}" + (" (set-up)" if each.set_up else "")
            for each in self.results
            if each.outcome in (SILENT, HANG)
        )
        return found.most_common()
