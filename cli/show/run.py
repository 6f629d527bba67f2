"""How the result of ``popbridge run`` is printed."""

from collections.abc import Sequence
from typing import TextIO

from ...study.run.layer_result import LayerResult
from ...study.run.result import Calibration, Energy, LayerProgramming, RunResult
from .output import table


def print_run(result: RunResult, out: TextIO) -> None:
    """Print the tables of a result."""
    print(mapping_table(result), file=out)
    if saturated := sum(layer.saturated for layer in result.layers):
        print(
            f"{saturated} thresholds are beyond the reach of their bias columns: those "
            "neurons differ from the software network's even on an ideal chip",
            file=out,
        )
    print(f"\n{_bits_and_cycles(result)}\n", file=out)
    _print_row_speed(result.layers, out)
    if result.calibration is not None:
        _print_calibration(result.calibration, out)
    if result.programming is not None:
        _print_programming(result.programming, result.programming_errors or (), out)
    _print_timing(result.layers, out)
    _print_energy(result.energy, out)
    _print_summary(result, out)


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


def _print_row_speed(layers: Sequence[LayerResult], out: TextIO) -> None:
    """Print how fast each layer's rows follow each other, all its macros together."""
    rows = []
    for layer in layers:
        speed, busy = layer.row_speed, layer.row_speed.strobe_slots_busy
        shares = [f"{busy.declared:.1%}", f"{busy.measured:.1%}"]
        rows.append([layer.name, speed.row_cycles, f"{speed.evaluations_per_us:.1f}", *shares])
    titles = ["", "cycles per row", "evaluations/us", "strobe slots busy: declared", "measured"]
    print(f"{table(titles, rows)}\n", file=out)


def _print_calibration(calibration: Calibration, out: TextIO) -> None:
    rows = []
    for layer in calibration.layers:
        spreads = (layer.offset_counts, layer.residual_counts)
        counts = [value for spread in spreads for value in (spread.min, spread.mean, spread.max)]
        rows.append([layer.name, layer.macros, *(f"{count:.2f}" for count in counts)])
        rows[-1].append(layer.saturated)
    titles = ["calibration, counts", "macros"]
    titles += [f"{kind} {name}" for kind in ("offset", "left") for name in ("min", "mean", "max")]
    print(table([*titles, "saturated"], rows), file=out)
    cycles = calibration.cycles
    print(f"calibrated in {cycles.measured} cycles, declared {cycles.declared}\n", file=out)


def _print_programming(
    layers: Sequence[LayerProgramming], errors: Sequence[str], out: TextIO
) -> None:
    """Print each layer's programming, its self-test, and what could not be repaired."""
    if layers[0].self_test is not None:
        tested = [(layer.name, layer.self_test or {}) for layer in layers]
        rows = [[name, *failing.values()] for name, failing in tested]
        print(f"{table(['self-test, failing cells', *tested[0][1]], rows)}\n", file=out)
    titles = ["programming", "pulses", "retries", "failed cells", "spare rows used",
              "unrepairable rows", "cycles"]  # fmt: skip
    counts = [
        [
            layer.name, layer.pulses, layer.retries, layer.failed_cells, layer.spare_rows_used,
            layer.unrepairable_rows, layer.cycles,
        ]
        for layer in layers
    ]  # fmt: skip
    print(f"{table(titles, counts)}\n", file=out)
    for layer in layers:
        if layer.unrepairable_rows:
            print(
                f"not repaired: {layer.name}: {layer.unrepairable_rows} rows have more "
                "failing cells than the limit, no spare row is left; inference goes on with them",
                file=out,
            )
    if errors:
        print(f"error flags of the controller: {', '.join(errors)}\n", file=out)


def _print_timing(layers: Sequence[LayerResult], out: TextIO) -> None:
    """Print each layer's phases in ns, and which of them are too short for this chip."""
    phases = [(layer, phase) for layer in layers for phase in layer.timing]
    if not phases:
        return
    rows = []
    for layer, phase in phases:
        times_s = (phase.configured_s, phase.needed_s, phase.margin_s)
        times = [f"{time_s * 1e9:.2f}" for time_s in times_s]
        rows.append([layer.name, f"{layer.bit_error_rate:.3%}", phase.phase, *times])
    titles = ["", "bit errors", "phase, ns", "configured", "needed", "margin"]
    print(f"{table(titles, rows)}\n", file=out)
    for layer, phase in phases:
        if phase.margin_s < 0:
            print(
                f"too short: {layer.name}, {phase.phase}: this chip needs "
                f"{phase.needed_s * 1e9:.2f} ns, the configuration gives "
                f"{phase.configured_s * 1e9:.2f} ns; the errors that follow are in the result\n",
                file=out,
            )


def _print_energy(energy: Energy, out: TextIO) -> None:
    rows = []
    for layer in energy.layers:
        causes = [f"{joules * 1e12:.2f}" for joules in layer.per_evaluation_j.values()]
        rows.append([layer.name, *causes, f"{layer.per_image_j * 1e9:.2f}"])
    causes = [cause.replace("_", " ") for cause in energy.per_evaluation_j]
    print(table(["pJ per row", *causes, "nJ per image"], rows), file=out)
    print(
        f"arrays, {energy.preset}: {energy.per_image_j * 1e9:.0f} nJ per image, "
        f"{energy.tops_per_w.average:.1f} TOPS/W (a full macro: {energy.tops_per_w.peak:.1f})\n",
        file=out,
    )


def _print_summary(result: RunResult, out: TextIO) -> None:
    chip = "ideal chip" if result.chip == "ideal" else f"chip {result.chip}"
    condition = "" if result.condition is None else f", condition {result.condition}"
    simulated = f"netlist in {result.simulator}" if result.netlist else result.simulator
    print(
        f"{result.images} images of {result.data}, {chip}{condition}, seed {result.seed}, "
        f"{simulated}",
        file=out,
    )
    accuracy, speed = result.accuracy, result.speed
    if accuracy.software is None or accuracy.hardware is None:
        print("accuracy: not known, the images have no labels", file=out)
    else:
        print(
            f"accuracy: hardware {accuracy.hardware:.2%}, software {accuracy.software:.2%}",
            file=out,
        )
    print(
        f"simulated {speed.images_per_s:.0f} images/s, "
        f"{speed.evaluations_per_s:,.0f} neuron evaluations/s",
        file=out,
    )
