"""The campaign of upsets: drawn, put in, and told apart by what came of them."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ...cache import source_digest
from ...digest import key_of
from ...errors import SimulationError
from ...sim.upsets.bench import Golden, Seen, Upset, UpsetBench
from ...sim.upsets.script import IMAGES, expected_packets
from ..designs import DESIGNS
from ..jobs.journal import Journal
from .kinds import kind_of, module_of
from .result import FLAGGED, HANG, NO_EFFECT, RECOVERED, SILENT, UpsetResult

LAST_UPSET_IMAGE = IMAGES - 4
"""The last upsets are before this image's result: at least three more come."""
PARTS = 16
"""Of a design's upsets: each is kept once it is done."""
READ_BACK = 8
"""Reads at the end that are compared: of what was written, of STATUS, of ERRORS."""
LIMIT_CYCLES = 400_000
"""Longer than all phases of a scan with the highest bit of their length upset."""


@dataclass(frozen=True)
class Prepared:
    """A design ready for upsets, and what it does without one."""

    name: str
    bench: UpsetBench
    golden: Golden
    expected: list[tuple[int, ...]]

    @classmethod
    def of(cls, name: str, root: Path) -> "Prepared":
        """Build it.

        Raises
        ------
        SimulationError
            Without an upset its results are not those of software.
        """
        job = DESIGNS[name].job()
        bench = UpsetBench(job, root)
        golden = bench.golden()
        expected = [tuple(packet) for packet in expected_packets(job)]
        if golden.seen.hung or golden.seen.errors or list(golden.seen.packets) != expected:
            raise SimulationError(f"{name}, without an upset: found results other than software's")
        return cls(name, bench, golden, expected)

    def draw(self, count: int, seed: int) -> list[Upset]:
        """Upsets of any bit in any cycle, half of them while images come, by their cycles."""
        draw = random.Random(f"{seed} {self.name}")
        bits = [
            (register, bit)
            for register, width in sorted(self.golden.registers.items())
            for bit in range(width)
        ]
        mark, last = self.golden.mark, self.golden.ends[LAST_UPSET_IMAGE]
        upsets = []
        for number in range(count):
            spans = (mark, last) if number % 2 else (0, mark)
            register, bit = draw.choice(bits)
            upsets.append(Upset(draw.randrange(*spans), register, bit, LIMIT_CYCLES))
        return sorted(upsets, key=lambda each: each.cycle)

    def key(self, upset: Upset) -> str:
        """What its result is a function of."""
        return key_of(source_digest(), self.bench.digest, upset)

    def result(self, upset: Upset, seen: Seen) -> UpsetResult:
        """Tell what came of it."""
        kind = kind_of(upset.register)
        begun = sum(cycle <= upset.cycle for cycle in self.golden.begins)
        pairs = enumerate(self.expected)
        wrong = [k for k, packet in pairs if seen.packets[k : k + 1] != (packet,)]
        wrong += range(len(self.expected), len(seen.packets))
        # What a host reads last are all registers that it has written.
        changed = seen.reads[-READ_BACK:] != self.golden.seen.reads[-READ_BACK:]
        later = bool(wrong) and max(wrong) > begun
        if seen.errors:
            outcome = FLAGGED
        elif seen.hung:
            outcome = HANG
        elif later or changed:
            outcome = SILENT
        else:
            outcome = RECOVERED if wrong else NO_EFFECT
        return UpsetResult(
            design=self.name,
            register=upset.register,
            bit=upset.bit,
            cycle=upset.cycle,
            kind=kind,
            module=module_of(upset.register),
            set_up=upset.cycle < self.golden.mark,
            outcome=outcome,
            wrong=tuple(wrong),
        )


def campaign(
    prepared: Sequence[Prepared],
    upsets: int,
    seed: int,
    journal: Journal[UpsetResult],
    workers: int,
) -> Iterator[UpsetResult]:
    """Put upsets in, shared out evenly among designs; yields the results as they come."""
    waiting: list[tuple[Prepared, list[Upset]]] = []
    for index, each in enumerate(prepared):
        count = upsets // len(prepared) + (index < upsets % len(prepared))
        left = []
        for upset in each.draw(count, seed):
            if (key := each.key(upset)) in journal:
                yield journal[key]
            else:
                left.append(upset)
        waiting += [(each, left[k::PARTS]) for k in range(PARTS) if left[k::PARTS]]
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(_results, *part) for part in waiting]
        for done in as_completed(running):
            for key, result in done.result():
                journal.add(key, result.to_dict())
                yield result


def _results(prepared: Prepared, upsets: Sequence[Upset]) -> list[tuple[str, UpsetResult]]:
    seen = zip(upsets, prepared.bench.run(upsets), strict=True)
    return [(prepared.key(upset), prepared.result(upset, each)) for upset, each in seen]
