"""Whether the hardware did what it must: every bit and every cycle of a co-simulation."""

from collections.abc import Iterator

import numpy as np

from ..errors import HardwareFault
from ..hdl.config.laws import corrected_code, score_of_code
from .job import Job
from .outcome import Outcome


def check_hardware(job: Job, outcome: Outcome) -> None:
    """Hold a co-simulation against what the arrays answered and what the configuration declares.

    The chip may be as bad as it likes: what is checked is that each layer's bit lines carried the
    image or exactly what the layer before had answered, that the scores and classes follow from
    the codes, that nothing was dropped or counted wrongly, and that each scan, the latency and
    each interval took exactly the declared cycles.

    Raises
    ------
    HardwareFault
        Something differs.
    """
    faults = [
        *_calibration_faults(job, outcome),
        *_data_faults(job, outcome),
        *_cycle_faults(job, outcome),
    ]
    if faults:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        raise HardwareFault("; ".join(faults[:3]) + more)


def _calibration_faults(job: Job, outcome: Outcome) -> Iterator[str]:
    if not job.calibrate:
        return
    for layer, chip, found in zip(job.config.layers, job.layer_chips(), outcome.trims, strict=True):
        if differing := int((chip.trims != found).sum()):
            yield f"{layer.name}: {differing} trims differ from what the comparators' answers give"
    declared = job.config.calibration_cycles
    if outcome.calibration_cycles != declared:
        yield f"calibration: measured {outcome.calibration_cycles} cycles, declared {declared}"


def _data_faults(job: Job, outcome: Outcome) -> Iterator[str]:
    given = [job.images, *outcome.answers[:-1]]
    for layer, expected, seen in zip(job.config.layers, given, outcome.inputs, strict=True):
        if differing := int((expected != seen).sum()):
            yield (
                f"{layer.name}: {differing} input bits on the bit lines differ from what was given"
            )
    last = job.config.layers[-1]
    # Neuron k * rows_used + r is row r of macro k.
    trims = np.repeat(outcome.trims[-1], last.rows_used)[: last.neurons]
    codes = corrected_code(outcome.answers[-1].astype(np.int64), trims, last.count_bits)
    scores = score_of_code(codes, last.count_bits) + np.array(job.config.offsets)
    packets = np.concatenate([scores.argmax(axis=1)[:, np.newaxis], scores], axis=1)
    if differing := int((packets != outcome.results).any(axis=1).sum()):
        yield f"{differing} result packets differ from what the last layer's codes give"
    if outcome.dropped:
        yield f"{outcome.dropped} intact images counted as dropped"
    if outcome.unresolved != outcome.unanswered:
        yield (
            f"{outcome.unresolved} unresolved decisions counted, "
            f"{outcome.unanswered} were left unresolved"
        )


def _cycle_faults(job: Job, outcome: Outcome) -> Iterator[str]:
    images = len(job.images)
    scans = zip(job.config.layers, outcome.scans, strict=True)
    meters = [(f"{layer.name}: scan", scan, layer.scan_cycles, images) for layer, scan in scans]
    meters.append(("image latency", outcome.image_latency, job.config.latency, 1))
    meters.append(("result interval", outcome.result_interval, job.config.interval, images - 1))
    for what, meter, declared, count in meters:
        if meter.count != count:
            yield f"{what}: measured {meter.count} times, expected {count}"
        elif count and (meter.shortest, meter.longest) != (declared, declared):
            measured = f"measured {meter.shortest} to {meter.longest} cycles"
            yield f"{what}: {measured}, declared {declared}"
