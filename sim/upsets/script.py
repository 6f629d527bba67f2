"""What the bench of upsets is given: ideal arrays, and what a host does, line by line."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...bits import word_of_bits
from ...hdl.bus.registers import Access
from ...hdl.config import PHASE_NAMES, STREAM_BITS, LayerConfig
from ...hdl.controller.control_registers import control_registers
from ...hdl.controller.layer_registers import layer_register
from ...hdl.programming.model import packet_of_row
from ..job import Job

IMAGES = 12
CYCLES = 2
"""Of every phase, so that one can be too short."""
OFFSET = 1.5
"""Of comparators with a trim, in score units."""
BROKEN_ROW = 0
"""Of macro 0 of layer 0 of a programmable network: it moves to a spare row."""
PAUSE_CYCLES = 40


class Step(NamedTuple):
    """What the host does next: ``W`` write, ``R`` read, ``P`` read until masked bits are as given,
    ``S`` send an image, ``T`` send a row of weights, ``G`` wait for results, ``D`` wait, ``M`` the
    images begin."""

    kind: str
    a: int = 0
    b: int = 0
    c: int = 0


def expected_packets(job: Job) -> list[list[int]]:
    """The class and the scores of each image that is sent, by an ideal chip, as words."""
    packets = []
    for number in range(IMAGES):
        image = job.images[number % len(job.images)]
        values = 2 * image.astype(np.int64) - job.config.layers[0].input_top
        for layer, weights in zip(job.config.layers, job.weights, strict=True):
            biased = np.append(values, [layer.input_top] * layer.bias_columns)
            scores = weights.astype(np.int64) @ biased
            values = np.sign(scores)
        scores = scores + np.array(job.config.offsets)
        words = [int(np.argmax(scores)), *map(int, scores)]
        packets.append([word & 0xFFFFFFFF for word in words])
    return packets


def host_steps(job: Job) -> list[Step]:
    """Set up, images in three turns with looks at ERRORS and a stop between, a last look."""
    config = job.config
    registers = control_registers(config)

    def bits(register: str, *fields: str) -> int:
        return sum(1 << registers.field(register, field)[0] for field in fields)

    def write(register: str, value: int) -> Step:
        return Step("W", registers.address(register), value)

    def command(name: str) -> Step:
        return write("CONTROL", bits("CONTROL", name))

    def until(register: str, mask: int, value: int) -> Step:
        return Step("P", registers.address(register), mask, value)

    look = Step("R", registers.address("ERRORS"))
    every_event = bits("INTERRUPT_ENABLE", *(f.name for f in registers["ERRORS"].fields))
    stop = [command("stop"), until("STATUS", bits("STATUS", "running", "busy"), 0)]
    steps = [write("INTERRUPT_ENABLE", every_event)]
    for index in range(len(config.layers)):
        steps += [write(layer_register(index, name), CYCLES) for name in PHASE_NAMES]
    if config.programmable:
        steps += stop
        # Not by counting: an upset of the counter would have the host wait for ever.
        done = bits("INTERRUPT_STATUS", "row_done")
        for number in range(sum(layer.neurons for layer in config.layers)):
            steps += [Step("T", number), until("INTERRUPT_STATUS", done, done)]
            steps.append(write("INTERRUPT_STATUS", done))
        steps.append(command("start"))
    if job.calibrate:
        done = bits("INTERRUPT_STATUS", "calibrated")
        steps += [*stop, command("calibrate"), until("INTERRUPT_STATUS", done, done)]
        steps.append(command("start"))
    steps.append(Step("M"))
    turn = IMAGES // 4
    for first in range(0, IMAGES, turn):
        steps += [Step("S", first + k) for k in range(turn)]
        steps += [Step("G", first + 1), look, Step("G", first + turn), look]
        steps += [*stop, Step("D", PAUSE_CYCLES), command("start")] if first == turn else []
        steps.append(Step("D", PAUSE_CYCLES))
    for _, register in registers:
        if any(field.access is Access.READ_WRITE for field in register.fields):
            steps.append(Step("R", registers.address(register.name)))
    return [*steps, Step("R", registers.address("STATUS")), look]


def job_lines(job: Job) -> Iterator[str]:
    """The job as the bench reads it."""
    registers = control_registers(job.config)
    yield f"errors {registers.address('ERRORS')}"
    packets: list[list[int]] = []
    for index, (layer, weights) in enumerate(zip(job.config.layers, job.weights, strict=True)):
        for macro in range(layer.macros):
            neurons = layer.neurons_of_macro(macro)
            yield from _array_lines(index, layer, macro, weights[list(neurons)])
            for row, neuron in enumerate(neurons):
                word = word_of_bits(weights[neuron] > 0)
                packets.append([index, *packet_of_row(layer, macro, row, word, True)])
    width = job.config.layers[0].bits_per_input
    for number in range(IMAGES):
        word = 0
        for place, value in enumerate(job.images[number % len(job.images)]):
            word |= int(value) << place * width
        beats = range(job.config.input_beats)
        frame = [word >> STREAM_BITS * beat & 0xFFFFFFFF for beat in beats]
        yield f"frame {len(frame)} {' '.join(map(str, frame))}"
    for packet in packets if job.config.programmable else ():
        yield f"row {len(packet)} {' '.join(map(str, packet))}"
    for step in host_steps(job):
        yield f"{step.kind} {step.a} {step.b} {step.c}"


def _array_lines(
    index: int, layer: LayerConfig, macro: int, weights: NDArray[np.int8]
) -> Iterator[str]:
    config = layer.macro
    offset = OFFSET if layer.trim_bits_in_use else 0
    broken = BROKEN_ROW if config.programmable and (index, macro) == (0, 0) else -1
    sizes = f"{config.rows} {config.columns} {layer.fan_in} {int(layer.overlapped)}"
    times = f"{CYCLES} {CYCLES} {CYCLES} {broken}"
    prefix = f"{layer.name}_macro{macro}"
    yield f"array {prefix} {sizes} {int(config.programmable)} {offset} {times}"
    held = np.zeros((config.rows, layer.fan_in), dtype=int)
    held[: len(weights)] = weights
    for row in held:
        yield " ".join(map(str, row))
