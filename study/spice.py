"""The model beside ngspice, for a row or for many: what ``popbridge spice`` asks and finds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from ..behav.draws import LayerKey
from ..behav.parameters.chip import ChipParameters
from ..bnn import software
from ..bnn.images import input_bits
from ..bnn.mapping import MappedNetwork
from ..errors import InputError
from ..field_types import Count, Magnitude, Size
from ..progress import Progress, silent
from ..record import Record, Result, ResultPart
from ..sim.spice import check, ngspice
from ..sim.spice.netlist import inverter_netlist, netlist
from ..sim.spice.row import LayerRows
from ..whole_file import whole_file
from .doubts import condition_doubts, law_doubts
from .images import select_images
from .presets import find_condition
from .request import ChipRequest

Verdict: TypeAlias = Literal["pass", "FAIL", "-"]
VERDICTS: dict[bool | None, Verdict] = {True: "pass", False: "FAIL", None: "-"}
Unit: TypeAlias = Literal["V", "counts", "relative", "decisions"]


class SpiceRequest(ChipRequest):
    """A row of a sampled chip, and the inputs that a test image gives it."""

    layer: Count = 0
    row: Count = 0
    """Neuron of the layer."""
    columns: int | None = None
    """How many are driven, from the first; all without it."""
    image: Count = 0
    models: Path | None = None
    """Transistor models; without it level-1 models."""
    output: Path = Path("row.cir")
    """Where the netlist goes."""


class SpiceCheckRequest(Record):
    """Random rows of three sizes."""

    condition: str = "nominal"
    """A preset's name or a TOML file."""
    seed: Count = 1
    """Of weights, inputs and chips."""


class QuantityCheck(ResultPart):
    """One quantity of rows of one size, held against its bound."""

    quantity: str
    columns: Size
    of: str
    """How many rows, cells or crossings were compared."""
    largest_difference: Magnitude
    """The largest of all; of decisions, how many differ."""
    bound: Magnitude
    unit: Unit
    result: Verdict
    """``-`` where the bound is for smaller rows."""


def passed(checks: Sequence[QuantityCheck]) -> bool:
    """Whether none of them failed."""
    return all(check.result != "FAIL" for check in checks)


class SpiceResult(Result):
    """A row's netlist, and where ngspice is installed the comparison."""

    made_by = "popbridge spice"

    netlist: str
    """Path of the file."""
    title: str
    columns: Size
    bit_planes: Size
    """Of the inputs; of several the most significant one drives the row."""
    comparison: check.RowComparison | None
    checks: tuple[QuantityCheck, ...]
    warnings: tuple[str, ...] = ()
    """What makes the result doubtful, a sentence each."""


class SpiceCheckResult(Result):
    """Every quantity of random rows of three sizes."""

    made_by = "popbridge spice --check"

    checks: tuple[QuantityCheck, ...]
    warnings: tuple[str, ...] = ()
    """What makes the result doubtful, a sentence each."""


def spice(request: SpiceRequest, progress: Progress = silent) -> SpiceResult:
    """Write the netlist of a row, and compare it where ngspice is installed.

    Raises
    ------
    InputError
        Something of the request is not there, or does not fit the rest.
    OSError
        The netlist cannot be written.
    SimulationError
        ngspice stops.
    """
    parameters = find_condition(request.condition)
    if request.models is not None and not request.models.is_file():
        raise InputError(f"models: found no file {request.models}, expected transistor models")
    job, bit_planes = _chosen_row(request, parameters)
    installed = ngspice.find_ngspice() is not None
    threshold_v = None
    if request.models is not None and installed:
        text = inverter_netlist(request.models, parameters.bridge.vdd_v)
        threshold_v = float(ngspice.simulate(text)["v(x)"][0])
    text = netlist(job.row, request.models, threshold_v)
    with whole_file(request.output) as file:
        file.write(text.encode("utf-8"))
    comparison = None
    if installed:
        progress("ngspice")
        waves = ngspice.simulate(text)
        comparison = check.compare_row(job.row, job.model, waves)
    return SpiceResult(
        netlist=str(request.output),
        title=job.row.title,
        columns=job.row.columns,
        bit_planes=bit_planes,
        comparison=comparison,
        checks=() if comparison is None else checks_of([comparison]),
        warnings=condition_doubts(request.condition, parameters)
        + law_doubts(request.condition, parameters),
    )


def spice_check(request: SpiceCheckRequest, progress: Progress = silent) -> SpiceCheckResult:
    """Compare random rows of every size; takes minutes.

    Raises
    ------
    InputError
        No such condition, or ngspice is not installed.
    SimulationError
        ngspice stops.
    """
    parameters = find_condition(request.condition)
    ngspice.require_ngspice()
    checks: list[QuantityCheck] = []
    for columns, macro, count in check.SIZES:
        jobs = check.random_rows(columns, macro, count, parameters, request.seed)
        checks += checks_of(check.compare_rows(jobs, progress))
    name = request.condition
    warnings = condition_doubts(name, parameters) + law_doubts(name, parameters)
    return SpiceCheckResult(checks=tuple(checks), warnings=warnings)


def checks_of(rows: Sequence[check.RowComparison]) -> tuple[QuantityCheck, ...]:
    """Every quantity of rows of one size against its bound."""
    count = f"{len(rows)} rows"
    cells = f"{sum(row.cells for row in rows)} cells"
    crossings = f"{sum(row.crossings for row in rows)} crossings"

    sl_v = max(row.sl_error_v for row in rows)
    lines = max(row.line_error_counts for row in rows)
    times = max(row.crossing_error for row in rows)
    bridges = max(row.bridge_energy_error for row in rows)
    capacitors = max(row.capacitor_energy_error for row in rows)
    differing = sum(row.decisions_differing for row in rows)
    found: list[tuple[str, str, str, Unit, float]] = [
        ("sl_error_v", "V_SL after evaluate", cells, "V", sl_v),
        ("line_error_counts", "V_P, V_N after evaluate", count, "counts", lines),
        ("crossing_error", "time at which SL crosses", crossings, "relative", times),
        ("bridge_energy_error", "energy of bridges and SL", count, "relative", bridges),
        ("capacitor_energy_error", "energy of capacitors", count, "relative", capacitors),
        ("decisions_differing", "decisions that differ", count, "decisions", differing),
    ]
    columns = rows[0].cells
    return tuple(
        QuantityCheck(
            quantity=quantity,
            columns=columns,
            of=of,
            largest_difference=largest,
            bound=check.BOUNDS[name],
            unit=unit,
            result=VERDICTS[check.verdict(name, columns, largest)],
        )
        for name, quantity, of, unit, largest in found
    )


def _chosen_row(request: SpiceRequest, parameters: ChipParameters) -> tuple[check.RowJob, int]:
    """The row with its inputs, and of how many bit planes: it gets the most significant one, which
    weighs most."""
    mapped = request.mapped()
    if mapped.config.layers[0].macro.pipelined:
        raise InputError(
            f"macro: found {request.macro}, a pipelined macro, expected one without latches: "
            "the netlist has none"
        )
    if request.layer >= len(mapped.layers):
        raise InputError(f"layer: found {request.layer}, expected 0 to {len(mapped.layers) - 1}")
    layer = mapped.layers[request.layer]
    planes = layer.config.bits_per_input
    bits = _inputs(request, mapped) >> (planes - 1)
    signs = np.ones(layer.config.fan_in, dtype=np.int8)
    signs[: layer.config.inputs] = 2 * bits.astype(np.int8) - 1
    columns = len(signs) if request.columns is None else request.columns
    key = LayerKey(request.chip, request.layer)
    config = layer.config.replace(bits_per_input=1)
    rows = LayerRows.of(config, layer.weights, parameters, key)
    inputs = signs[: max(columns, 0)]
    job = check.RowJob(row=rows.circuit(request.row, inputs), model=rows.model(request.row, inputs))
    return job, planes


def _inputs(request: SpiceRequest, mapped: MappedNetwork) -> np.ndarray:
    """What the layer gets for the image, (N,): the image itself, or what the software gives."""
    images = select_images(mapped.network, None, request.image + 1, request.seed)
    bits = input_bits(images.images[-1:], mapped.network)
    if request.layer:
        bits = software.run(mapped.software_view, bits).layer_bits[request.layer - 1]
    return bits[0]
