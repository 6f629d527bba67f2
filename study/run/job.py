"""`popbridge run` from Python: a request in, a result out."""

from ...bnn.images import ImageSet
from ...bnn.mapping import MappedNetwork
from ...errors import InputError
from ...progress import Progress, silent
from ...sim.cosim import SimulationOptions, simulate, simulator_versions
from ...sim.job import Job
from ...sim.outcome import Outcome
from ..doubts import accuracy_doubts, condition_doubts, image_doubts, law_doubts
from ..images import select_images
from ..presets import find_energy
from .calibration import calibration_of_run
from .energy import energy_of_run
from .evaluation import accuracy_and_confusion, layer_results, require_ideal_bits
from .layer_result import Cycles
from .probes import parse_probes
from .request import RunRequest
from .result import Interval, LayerProgramming, RunResult, Speed


def run(request: RunRequest, progress: Progress = silent) -> RunResult:
    """Simulate a network's hardware with a chip's physics, check every bit and cycle of it, and
    compare with the software network.

    Raises
    ------
    InputError
        Something that is asked for is not there or does not go with the rest.
    SimulationError, HardwareFault
        As `sim.cosim.simulate`; or an ideal chip has a wrong bit.
    """
    versions = simulator_versions(request.simulator, netlist=request.netlist)
    energy = find_energy(request.energy)
    mapped = request.mapped()
    request.require_programmable(mapped.config)
    if request.probe is not None and request.waves is None:
        raise InputError("probe: found no --waves, expected a file for the probed lines")
    probes = None if request.probe is None else parse_probes(request.probe, mapped.config)
    images = select_images(mapped.network, request.data, request.images, request.seed)
    job = request.job(
        mapped,
        images,
        calibrate=request.calibrate,
        program=request.program,
        self_test=request.self_test,
    )
    outcome = simulate(
        job,
        simulator=request.simulator,
        strict=request.strict,
        waves=request.waves,
        options=SimulationOptions(netlist=request.netlist, probes=probes, progress=progress),
    )
    progress("")
    if job.chip is None:
        require_ideal_bits(mapped, outcome)
    accuracy, confusion = accuracy_and_confusion(mapped, job, outcome, images)
    return RunResult(
        network=mapped.network.name,
        images=len(images),
        data=images.source,
        chip="ideal" if job.chip is None else job.chip,
        condition=None if job.chip is None else request.condition,
        macro=request.macro,
        simulator=request.simulator,
        strict=request.strict or request.simulator == "pysim",
        netlist=request.netlist,
        calibration=calibration_of_run(job, outcome),
        programming=_programming(job, outcome),
        programming_errors=tuple(outcome.programming_errors) if job.program else None,
        accuracy=accuracy,
        confusion=confusion,
        geometry=job.config.layers[0].macro,
        layers=layer_results(mapped, job, outcome),
        cycles_per_image=Interval(
            declared=job.config.interval,
            measured=outcome.result_interval.longest if len(images) > 1 else None,
        ),
        latency_cycles=Cycles(declared=job.config.latency, measured=outcome.image_latency.longest),
        unresolved=outcome.unresolved,
        speed=_speed(job, outcome),
        energy=energy_of_run(request.energy, energy, job, outcome),
        seed=request.seed,
        versions=versions,
        command=request.command(len(images)),
        warnings=_warnings(request, mapped, job, images)
        + accuracy_doubts(mapped.network, len(images), accuracy.software),
    )


def _warnings(
    request: RunRequest, mapped: MappedNetwork, job: Job, images: ImageSet
) -> tuple[str, ...]:
    found = image_doubts(mapped.network, images)
    if job.chip is None:
        return found
    name, condition = request.condition, job.parameters
    return (
        *found,
        *condition_doubts(name, condition, mapped.network),
        *law_doubts(name, condition),
    )


def _programming(job: Job, outcome: Outcome) -> tuple[LayerProgramming, ...] | None:
    """What programming each layer's arrays from blank came to; None without."""
    if not job.program:
        return None
    left_out = ("word_lines", *(() if job.self_test else ("self_test", "failing_cells")))
    return tuple(
        LayerProgramming.from_dict(
            {"name": layer.name} | {name: of[name] for name in of if name not in left_out}
        )
        for layer, of in zip(job.config.layers, outcome.programming, strict=True)
    )


def _speed(job: Job, outcome: Outcome) -> Speed:
    neurons = sum(layer.neurons for layer in job.config.layers)
    return Speed(
        images_per_s=len(job.images) / outcome.seconds,
        evaluations_per_s=len(job.images) * neurons / outcome.seconds,
    )
