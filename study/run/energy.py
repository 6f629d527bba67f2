"""Energy of a run's arrays."""

from ...behav.energy.causes import CAUSES
from ...behav.energy.layer import mean_bridge_siemens, network_energy, peak_evaluation_j
from ...behav.parameters.energy import EnergyParameters
from ...sim.host.verdict import drawn_layers
from ...sim.job import Job
from ...sim.outcome import Outcome
from .result import Energy, LayerEnergy, TopsPerW


def energy_of_run(name: str, parameters: EnergyParameters, job: Job, outcome: Outcome) -> Energy:
    """Energy of a job by its layers and causes, from the inputs that the arrays really had."""
    config, chip = job.config, job.parameters
    drawn = drawn_layers(job)
    layers = network_energy(drawn, outcome.inputs, parameters)
    images_j = sum(layer.per_image_j for layer in layers)
    evaluations = sum(layer.evaluations for layer in layers)
    first = config.layers[0]
    siemens = mean_bridge_siemens(drawn[0], parameters)
    peak_j = sum(peak_evaluation_j(first.macro, chip, parameters, siemens).values())
    operations = sum(layer.operations for layer in layers)
    return Energy(
        preset=name,
        per_image_j=images_j,
        per_evaluation_j={
            cause: sum(layer.causes_j[cause] for layer in layers) / evaluations for cause in CAUSES
        },
        layers=tuple(
            LayerEnergy(
                name=layer.name,
                per_image_j=layer.per_image_j,
                per_evaluation_j={
                    cause: joules / layer.evaluations for cause, joules in layer.causes_j.items()
                },
            )
            for layer in layers
        ),
        tops_per_w=TopsPerW(
            peak=_tera_per_joule(2 * first.macro.columns, peak_j),
            average=_tera_per_joule(operations, images_j),
        ),
    )


def _tera_per_joule(operations: int, joules: float) -> float:
    return operations / joules / 1e12
