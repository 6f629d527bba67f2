"""Waveform files: nothing digital lost, analog lines that are those of the array model."""

import dataclasses
import io
import itertools
import re
import tracemalloc

import numpy as np
import pytest
from support.jobs import make_job, make_mapped
from vcd.reader import TokenKind, tokenize

from popbridge.behav.cell.bridge import draw_thresholds_v
from popbridge.behav.cell.devices import draw_cells
from popbridge.behav.cell.settling import scan_levels
from popbridge.behav.draws import LayerKey
from popbridge.behav.neuron.capacitors import layer_volts_per_score, weight_step
from popbridge.errors import InputError
from popbridge.sim import cosim
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.simulators import verilog as simulators
from popbridge.sim.waves.analog import Probe, add_analog, default_probes, dump_of
from popbridge.sim.waves.traces import read_evaluation

SIZES = (9, 6, 3)
ROWS, COLUMNS = 4, 40
PROBES = (
    Probe(layer=0, macro=1, columns=(0, 8)),
    Probe(layer=1, macro=0, columns=(2,)),
    Probe(layer=0, macro=0, columns=()),
)
CHANGES = (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL)
HALF_LAST_DIGIT_V = 5e-10
"""The file has nanovolts."""


class Contents:
    """A VCD file as pyvcd reads it."""

    def __init__(self, path):
        # pyvcd refuses names that begin with $.
        text = re.sub(rb"(\$scope \w+ )\$", rb"\1_", path.read_bytes())
        self.times, self.changes, self.variables, scopes = [], [], [], []
        self.declared = True
        for token in tokenize(io.BytesIO(text)):
            if token.kind is TokenKind.TIMESCALE:
                scale = token.timescale
                self.tick_s = scale.magnitude.value * {"fs": 1e-15, "ps": 1e-12}[scale.unit.value]
            elif token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR:
                self.variables.append((".".join(scopes), token.var))
            elif token.kind is TokenKind.CHANGE_TIME:
                self.times.append(token.data)
            elif token.kind in CHANGES:
                self.changes.append((self.times[-1], *token.data))
        assert scopes == []

    def signal(self, name, scope=None):
        """Times and values of a signal, one value per time."""
        code = next(
            var.id_code for where, var in self.variables
            if var.reference == name and scope in (None, where)
        )  # fmt: skip
        values = {tick: value for tick, changed, value in self.changes if changed == code}
        return list(values), list(values.values())

    def at(self, tick, name, scope=None):
        times, values = self.signal(name, scope)
        return values[np.searchsorted(times, tick, side="right") - 1]

    def rises(self, name):
        times, values = self.signal(name)
        return [
            tick for tick, (before, now) in zip(times[1:], itertools.pairwise(values), strict=True)
            if now in ("1", 1) and before not in ("1", 1)
        ]  # fmt: skip


def make_dump(simulator, job, path, build_root):
    if simulator == "pysim":
        run_in_pysim(job, path)
        return
    name, _, testbench = simulator.partition(" ")
    controller = cosim.controller_source(job.config, build_root)
    sources = cosim.testbench_sources(job.config, controller, strict=testbench == "strict")
    built = simulators.build(sources, name, build_root, waves=True)
    simulators.run(job, built, testbench, path)


SIMULATORS = ("pysim", "icarus bulk", "icarus strict", "verilator bulk")


@pytest.fixture(scope="module")
def files():
    return {}


@pytest.fixture
def job():
    """A clock in which SLs and precharge take their time, a last macro of fewer rows."""
    mapped = make_mapped(SIZES, rows=ROWS, columns=COLUMNS, evaluate_cycles=2)
    config = mapped.config
    layers = tuple(
        layer.replace(macro=layer.macro.replace(
            timing=layer.macro.timing.replace(clock_period_s=0.2e-9)
        ))
        for layer in config.layers
    )  # fmt: skip
    job = make_job(mapped, chip=3, images=2)
    return dataclasses.replace(job, config=config.replace(layers=layers))


@pytest.fixture(params=SIMULATORS)
def dumped(request, job, files, tmp_path_factory, build_root):
    """The simulator's file and the one made of it."""
    if request.param.startswith("icarus"):
        request.getfixturevalue("icarus")
    if request.param not in files:
        folder = tmp_path_factory.mktemp("waves")
        make_dump(request.param, job, folder / "dump.vcd", build_root)
        add_analog(folder / "dump.vcd", folder / "waves.vcd", job, PROBES)
        files[request.param] = [folder / "waves.vcd", folder / "dump.vcd"]
        files[request.param] += [Contents(path) for path in files[request.param]]
    return files[request.param]


def test_nothing_of_the_simulators_file_is_lost(dumped):
    *_, waves, dump = dumped
    assert waves.tick_s == dump.tick_s
    assert waves.variables[: len(dump.variables)] == dump.variables
    added = waves.variables[len(dump.variables) :]
    names = [f"{scope}.{var.reference}" for scope, var in added]
    assert names == [
        *(f"analog.layer0_macro1.{name}" for name in ("v_p", "v_n", "sl_0", "sl_8")),
        *(f"analog.layer1_macro0.{name}" for name in ("v_p", "v_n", "sl_2")),
        *(f"analog.layer0_macro0.{name}" for name in ("v_p", "v_n")),
    ]
    codes = {var.id_code for _, var in added}
    assert len(codes) == len(added)
    assert codes.isdisjoint(var.id_code for _, var in dump.variables)
    assert [change for change in waves.changes if change[1] not in codes] == dump.changes
    assert {change[1] for change in waves.changes if change[1] in codes} == codes


def test_the_file_says_what_its_added_values_are(dumped):
    path, *_ = dumped
    assert re.search(rb"^\$comment analog: volts, .*\$end$", path.read_bytes(), re.MULTILINE)


def test_times_rise(dumped):
    *_, waves, dump = dumped
    assert waves.times == sorted(set(waves.times))
    assert set(dump.times) <= set(waves.times)


@pytest.mark.parametrize("dumped", ["icarus bulk"], indirect=True)
def test_a_dump_with_changes_at_every_tick(dumped, job, tmp_path):
    """Samples then fall on times of the simulator's own."""
    _, dump_path, sparse, dump = dumped
    filled, last = [], -1
    for line in dump_path.read_bytes().splitlines(keepends=True):
        if line.startswith(b"#"):
            tick = int(line[1:])
            filled += [b"#%d\n" % between for between in range(last + 1, tick)]
            last = tick
        filled.append(line)
    (tmp_path / "dense.vcd").write_bytes(b"".join(filled))
    add_analog(tmp_path / "dense.vcd", tmp_path / "waves.vcd", job, PROBES)
    dense = Contents(tmp_path / "waves.vcd")
    assert dense.times == list(range(dump.times[-1] + 1))
    assert set(dense.changes) <= set(sparse.changes)
    assert [dense.at(tick, "v_p") for tick in dump.times] == [
        sparse.at(tick, "v_p") for tick in dump.times
    ]


def inputs_at(waves, tick, name, columns):
    bl, blb = (int(waves.at(tick, f"{name}__{pin}")) for pin in ("bl", "blb"))
    return np.array([(bl >> column & 1) - (blb >> column & 1) for column in range(columns)])


def row_at(waves, tick, name):
    return int(waves.at(tick, f"{name}__wl")).bit_length() - 1


@pytest.mark.parametrize(("layer", "macro"), [(0, 0), (0, 1)])
def test_strobed_voltages_are_the_scores_seen(dumped, job, layer, macro):
    _, _, waves, _ = dumped
    chip, config = job.layer_chips()[layer], job.config.layers[layer]
    neurons, name = config.neurons_of_macro(macro), f"layer{layer}_macro{macro}"
    unit_v = layer_volts_per_score(config, job.parameters.neuron, job.parameters.bridge)
    allowed_v = config.fan_in * weight_step(config.fan_in) * unit_v + 2 * HALF_LAST_DIGIT_V
    strobes = waves.rises(f"{name}__strobe")
    assert len(strobes) == config.rows_used * len(job.images)
    for tick in strobes:
        scores = chip.scores_seen(inputs_at(waves, tick, name, config.fan_in), slice(None))
        v_p, v_n = (waves.at(tick, line, f"analog.{name}") for line in ("v_p", "v_n"))
        expected_v = unit_v * scores[neurons[row_at(waves, tick, name)]]
        assert abs(v_p - v_n - expected_v) <= allowed_v


def test_trial_voltages_are_the_scores_with_the_bank(dumped, job):
    """2v + 1 - 2^K nearest to zero decides: the last trial's voltage is within two units of 0."""
    _, _, waves, _ = dumped
    config, chip = job.config.layers[1], job.layer_chips()[1]
    unit_v = layer_volts_per_score(config, job.parameters.neuron, job.parameters.bridge)
    allowed_v = (config.fan_in + config.count_bits) * weight_step(config.fan_in) * unit_v
    allowed_v += 2 * HALF_LAST_DIGIT_V
    seen = []
    chip.comparator.decide = lambda scores, *rest: seen.append(scores) or np.sign(scores)
    strobes = waves.rises("layer1_macro0__strobe")
    assert len(strobes) == len(job.images) * config.rows_used * config.count_bits
    for tick in strobes:
        row = row_at(waves, tick, "layer1_macro0")
        scores = chip.scores_seen(inputs_at(waves, tick, "layer1_macro0", config.fan_in))
        codes = [int(waves.at(tick, f"layer1_macro0__{pin}")) for pin in ("dac_p", "dac_n")]
        chip.decide(scores, 0, 0, [np.full(config.neurons, code) for code in codes])
        v_p, v_n = (waves.at(tick, line, "analog.layer1_macro0") for line in ("v_p", "v_n"))
        assert abs(v_p - v_n - unit_v * seen[-1][row]) <= allowed_v


def test_sls_are_at_their_decided_levels(dumped, job):
    _, _, waves, _ = dumped
    config, bridge = job.config.layers[0], job.parameters.bridge
    cells = draw_cells(config, job.weights[0], job.parameters.devices, LayerKey(3))
    levels = list(scan_levels(config, cells, bridge))
    thresholds_v = draw_thresholds_v(config, bridge, LayerKey(3))[1]
    crossed = set()
    for tick in waves.rises("layer0_macro1__strobe"):
        row = row_at(waves, tick, "layer0_macro1")
        inputs = inputs_at(waves, tick, "layer0_macro1", config.fan_in)
        for column in (0, 8):
            of_input = levels[row].plus if inputs[column] > 0 else levels[row].minus
            found_v = waves.at(tick, f"sl_{column}", "analog.layer0_macro1")
            assert found_v == pytest.approx(
                of_input.decided_v[1, column], abs=1.01 * HALF_LAST_DIGIT_V
            )
            crossed.add(found_v > thresholds_v[column])
    assert crossed == {True, False}


def test_samples_are_where_something_moves(dumped, job):
    """Some in an exponential, none between scans, one step of precharge to a row."""
    _, _, waves, _ = dumped
    row_ticks = round(job.config.layers[0].row_cycles * 0.2e-9 / waves.tick_s)
    rise = waves.rises("layer0_macro1__precharge")[0]
    for name in ("v_p", "sl_0"):
        times, _ = waves.signal(name, "analog.layer0_macro1")
        in_row = [tick for tick in times if rise <= tick < rise + row_ticks]
        assert 3 <= len(in_row) <= 40
        assert times[0] == waves.times[0]
    word_lines, _ = waves.signal("layer0_macro1__wl")
    assert not [tick for tick in times if word_lines[0] < tick < word_lines[1] - 1]


def test_one_evaluation_as_arrays(dumped, job):
    path, _, waves, _ = dumped
    period_s, image = 0.2e-9, 1
    config, chip = job.config.layers[0], job.layer_chips()[0]
    found = read_evaluation(path, "layer0", 1, row=2, image=image)
    assert found.duration_s == pytest.approx(config.row_cycles * period_s)
    strobe_s = 4 * period_s
    # The last macro lacks no row here: its third row is the third to be strobed.
    tick = waves.rises("layer0_macro1__strobe")[image * config.rows_used + 2]
    assert found.start_s + strobe_s == pytest.approx(tick * waves.tick_s)
    for pin, edges in {
        "wl": [(0, 1), (6, 0)],
        "precharge": [(0, 1), (1, 0), (6, 0)],
        "evaluate": [(0, 0), (2, 1), (5, 0), (6, 0)],
        "strobe": [(0, 0), (4, 1), (5, 0), (6, 0)],
    }.items():
        trace = found.pins[pin]
        np.testing.assert_allclose(trace.times_s, [cycle * period_s for cycle, _ in edges])
        assert trace.values.tolist() == [value for _, value in edges]
    inputs = inputs_at(waves, tick, "layer0_macro1", config.fan_in)
    score = chip.scores_seen(inputs)[config.neurons_of_macro(1)[2]]
    unit_v = layer_volts_per_score(config, job.parameters.neuron, job.parameters.bridge)
    at = [
        np.searchsorted(line.times_s, strobe_s * (1 + 1e-9)) - 1 for line in (found.v_p, found.v_n)
    ]
    difference_v = found.v_p.values[at[0]] - found.v_n.values[at[1]]
    assert difference_v == pytest.approx(unit_v * score, abs=unit_v / 100)
    assert sorted(found.sl) == [0, 8]
    for trace in (*found.pins.values(), found.v_p, found.v_n, *found.sl.values()):
        assert trace.times_s[0] == 0 and trace.times_s[-1] == pytest.approx(found.duration_s)
        assert np.all(np.diff(trace.times_s) > 0) or len(trace.times_s) == 2


def test_an_evaluation_that_is_not_there(dumped):
    path, dump, *_ = dumped
    for arguments, message in (
        (("layer0", 1, 2, 2), "found 2 whole evaluations of row 2 of layer0_macro1, expected"),
        (("layer0", 1, 99, 0), "found 0 whole evaluations of row 99"),
        (("layer0", 7, 0, 0), "found no analog lines of layer0_macro7"),
    ):
        with pytest.raises(InputError, match=message):
            read_evaluation(path, *arguments)
    with pytest.raises(InputError, match="found no analog lines"):
        read_evaluation(dump, "layer0", 1, 0)
    with pytest.raises(InputError, match="no_such_file: found No such file"):
        read_evaluation(path.with_name("no_such_file"), "layer0", 1, 0)


def test_an_ideal_chip_steps_to_the_rails(tmp_path):
    job = make_job(make_mapped(SIZES, rows=ROWS, columns=COLUMNS))
    cosim.simulate(job, simulator="pysim", waves=tmp_path / "waves.vcd")
    waves = Contents(tmp_path / "waves.vcd")
    for column in default_probes(job.config)[0].columns:
        times, values = waves.signal(f"sl_{column}", "analog.layer0_macro0")
        assert {round(value, 8) for value in values} == {0.0, 1.2}
        # Upright for viewers that draw lines from value to value, and drop repeated ones.
        assert all(values[i] != values[i + 1] for i in range(len(values) - 1))
        steps = np.flatnonzero(abs(np.diff(values)) > 1)
        assert len(steps) > 3 and np.all(np.diff(times)[steps] == 1)


def test_a_dump_that_breaks_off_is_read_to_its_last_whole_line(job, tmp_path):
    dump, waves = tmp_path / "dump.vcd", tmp_path / "waves.vcd"
    run_in_pysim(job, dump)
    whole = dump.read_bytes()
    # In the middle of a change, and in the middle of a time; both characters occur in names, too.
    places = [whole.rindex(mark, 0, len(whole) - 99) + len(mark) + 1 for mark in (b"\nb", b"\n#")]
    for place in places:
        dump.write_bytes(whole[:place])
        add_analog(dump, waves, job, PROBES)
        found = Contents(waves)
        assert len(found.times) > 50 and found.times == sorted(set(found.times))
        digital = waves.read_bytes().splitlines()
        assert whole[:place].splitlines()[-2] in digital
        assert whole[:place].splitlines()[-1] not in digital[-20:]


@pytest.mark.parametrize(
    "content", [b"", b"no dump", b"$timescale 1 parsec $end\n$enddefinitions $end\n"]
)
def test_what_is_no_dump_leaves_the_old_file(job, tmp_path, content):
    dump, waves = tmp_path / "dump.vcd", tmp_path / "waves.vcd"
    dump.write_bytes(content)
    waves.write_text("old")
    with pytest.raises(InputError, match=r"dump\.vcd: found .*, expected a VCD file"):
        add_analog(dump, waves, job, PROBES)
    assert waves.read_text() == "old" and len(list(tmp_path.iterdir())) == 2


def test_a_failing_run_leaves_its_waveform(job, tmp_path):
    with pytest.raises(RuntimeError, match="broken"), dump_of(job, tmp_path / "w", PROBES) as dump:
        run_in_pysim(job, dump)
        raise RuntimeError("broken")
    assert len(Contents(tmp_path / "w").times) > 100


@pytest.mark.parametrize("content", [None, b"", b"no dump"])
def test_a_run_that_died_early_says_of_what(job, tmp_path, content):
    with pytest.raises(RuntimeError, match="broken"), dump_of(job, tmp_path / "w", PROBES) as dump:
        if content is not None:
            dump.write_bytes(content)
        raise RuntimeError("broken")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_none(job, tmp_path):
    with pytest.raises(KeyboardInterrupt), dump_of(job, tmp_path / "w", PROBES) as dump:
        dump.write_text("half a dump")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_file(tmp_path):
    mapped, peaks, sizes = make_mapped(SIZES, rows=ROWS, columns=COLUMNS), [], []
    for images in (2, 20):
        job = make_job(mapped, chip=3, images=images)
        dump, waves = tmp_path / f"dump{images}.vcd", tmp_path / f"waves{images}.vcd"
        run_in_pysim(job, dump)
        tracemalloc.start()
        add_analog(dump, waves, job, PROBES)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        sizes.append(waves.stat().st_size)
    assert sizes[1] > 4 * sizes[0] and peaks[1] < 1.1 * peaks[0]
