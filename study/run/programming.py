"""What programming the arrays from blank came to."""

from ...sim.job import Job
from ...sim.outcome import Outcome
from .result import LayerProgramming


def programming_of_run(job: Job, outcome: Outcome) -> tuple[LayerProgramming, ...] | None:
    """Each layer's programming; None without."""
    if not job.program:
        return None
    left_out = () if job.self_test else ("self_test", "failing_cells")
    return tuple(
        LayerProgramming.from_dict(
            {"name": layer.name} | {name: of[name] for name in of if name not in left_out}
        )
        for layer, of in zip(job.config.layers, outcome.programming, strict=True)
    )
