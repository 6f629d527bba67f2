"""How the result of ``popbridge run`` is printed."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from ...study.run.layer_result import LayerResult
from ...study.run.result import Calibration, Energy, LayerProgramming, RunResult
from .output import table


def print_run(result: RunResult, out: TextIO) -> None:
    """Print the tables of a result."""
    for text in _texts(result):
        print(text, file=out)


def _texts(result: RunResult) -> Iterator[str]:
    """The tables and what is said of them, in their order."""
    yield mapping_table(result)
    if saturated := sum(layer.saturated for layer in result.layers):
        yield (
            f"{saturated} thresholds are beyond the reach of their bias columns: those "
            "neurons differ from the software network's even on an ideal chip"
        )
    yield f"\n{_bits_and_cycles(result)}\n"
    yield from _row_speed(result.layers)
    if result.calibration is not None:
        yield from _calibration(result.calibration)
    if result.programming is not None:
        yield from _programming(result.programming, result.programming_errors or ())
    yield from _timing(result.layers)
    yield from _energy(result.energy)
    yield from _summary(result)


def mapping_table(result: RunResult) -> str:
    """What each layer occupies, a line each."""
    titles = [
        "layer", "inputs", "bias columns", "fan-in", "neurons", "macros", "arrays per macro",
        "rows used", "saturated", "columns used",
    ]  # fmt: skip
    rows = [
        [
            layer.name, layer.mapping.inputs, layer.bias_columns, layer.fan_in, layer.neurons,
            layer.macros, layer.chain, f"{layer.mapping.rows_used} of {result.geometry.rows}",
            layer.saturated, f"{layer.fan_in / (layer.chain * result.geometry.columns):.1%}",
        ]
        for layer in result.layers
    ]  # fmt: skip
    return table(titles, rows)


def _bits_and_cycles(result: RunResult) -> str:
    rows = [
        [
            layer.name, layer.evaluations, layer.bits_differing,
            f"{layer.bits_differing / layer.evaluations:.3%}",
            layer.cycles.declared, layer.cycles.measured,
        ]
        for layer in result.layers
    ]  # fmt: skip
    first, each = result.latency_cycles, result.cycles_per_image
    rows.append(["image, one", "", "", "", first.declared, first.measured])
    measured = "-" if each.measured is None else each.measured
    rows.append(["image, each", "", "", "", each.declared, measured])
    titles = ["", "evaluations", "differing", "share", "cycles declared", "measured"]
    return table(titles, rows)


def _row_speed(layers: Sequence[LayerResult]) -> Iterator[str]:
    """How fast each layer's rows follow each other, all its macros together."""
    rows = []
    for layer in layers:
        speed, busy = layer.row_speed, layer.row_speed.strobe_slots_busy
        shares = [f"{busy.declared:.1%}", f"{busy.measured:.1%}"]
        rows.append([layer.name, speed.row_cycles, f"{speed.evaluations_per_us:.1f}", *shares])
    titles = ["", "cycles per row", "evaluations/us", "strobe slots busy: declared", "measured"]
    yield f"{table(titles, rows)}\n"


def _calibration(calibration: Calibration) -> Iterator[str]:
    rows = []
    for layer in calibration.layers:
        spreads = (layer.offset_counts, layer.residual_counts)
        counts = [value for spread in spreads for value in (spread.min, spread.mean, spread.max)]
        rows.append([layer.name, layer.macros, *(f"{count:.2f}" for count in counts)])
        rows[-1].append(layer.saturated)
    titles = ["calibration, counts", "macros"]
    titles += [f"{kind} {name}" for kind in ("offset", "left") for name in ("min", "mean", "max")]
    yield table([*titles, "saturated"], rows)
    cycles = calibration.cycles
    yield f"calibrated in {cycles.measured} cycles, declared {cycles.declared}\n"


def _programming(layers: Sequence[LayerProgramming], errors: Sequence[str]) -> Iterator[str]:
    """Each layer's programming, its self-test, and what could not be repaired."""
    if layers[0].self_test is not None:
        tested = [(layer.name, layer.self_test or {}) for layer in layers]
        rows = [[name, *failing.values()] for name, failing in tested]
        yield f"{table(['self-test, failing cells', *tested[0][1]], rows)}\n"
    names = ["pulses", "retries", "failed_cells", "spare_rows_used", "unrepairable_rows", "cycles"]
    counts = [[layer.name, *(vars(layer)[name] for name in names)] for layer in layers]
    yield f"{table(['programming', *(name.replace('_', ' ') for name in names)], counts)}\n"
    for layer in layers:
        if layer.unrepairable_rows:
            yield (
                f"not repaired: {layer.name}: {layer.unrepairable_rows} rows have more "
                "failing cells than the limit, no spare row is left; inference goes on with them"
            )
    if errors:
        yield f"error flags of the controller: {', '.join(errors)}\n"


def _timing(layers: Sequence[LayerResult]) -> Iterator[str]:
    """Each layer's phases in ns, and which of them are too short for this chip."""
    phases = [(layer, phase) for layer in layers for phase in layer.timing]
    if not phases:
        return
    rows = []
    for layer, phase in phases:
        times_s = (phase.configured_s, phase.needed_s, phase.margin_s)
        times = [f"{time_s * 1e9:.2f}" for time_s in times_s]
        rows.append([layer.name, f"{layer.bit_error_rate:.3%}", phase.phase, *times])
    titles = ["", "bit errors", "phase, ns", "configured", "needed", "margin"]
    yield f"{table(titles, rows)}\n"
    for layer, phase in phases:
        if phase.margin_s < 0:
            yield (
                f"too short: {layer.name}, {phase.phase}: this chip needs "
                f"{phase.needed_s * 1e9:.2f} ns, the configuration gives "
                f"{phase.configured_s * 1e9:.2f} ns; the errors that follow are in the result\n"
            )


def _energy(energy: Energy) -> Iterator[str]:
    rows = []
    for layer in energy.layers:
        causes = [f"{joules * 1e12:.2f}" for joules in layer.per_evaluation_j.values()]
        rows.append([layer.name, *causes, f"{layer.per_image_j * 1e9:.2f}"])
    causes = [cause.replace("_", " ") for cause in energy.per_evaluation_j]
    yield table(["pJ per row", *causes, "nJ per image"], rows)
    yield (
        f"arrays, {energy.preset}: {energy.per_image_j * 1e9:.0f} nJ per image, "
        f"{energy.tops_per_w.average:.1f} TOPS/W (a full macro: {energy.tops_per_w.peak:.1f})\n"
    )


def _summary(result: RunResult) -> Iterator[str]:
    chip = "ideal chip" if result.chip == "ideal" else f"chip {result.chip}"
    condition = "" if result.condition is None else f", condition {result.condition}"
    simulated = f"netlist in {result.simulator}" if result.netlist else result.simulator
    yield (
        f"{result.images} images of {result.data}, {chip}{condition}, seed {result.seed}, "
        f"{simulated}"
    )
    accuracy, speed = result.accuracy, result.speed
    if accuracy.software is None or accuracy.hardware is None:
        yield "accuracy: not known, the images have no labels"
    else:
        yield f"accuracy: hardware {accuracy.hardware:.2%}, software {accuracy.software:.2%}"
    yield (
        f"simulated {speed.images_per_s:.0f} images/s, "
        f"{speed.evaluations_per_s:,.0f} neuron evaluations/s"
    )
