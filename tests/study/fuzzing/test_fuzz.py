"""Fuzzing of every reader: a small campaign, and what it makes of readers that are wrong."""

import ast
import datetime
import time
from pathlib import Path

import pytest

from popbridge.cli.fuzz import READERS
from popbridge.cli.main import main
from popbridge.errors import InputError
from popbridge.shrinking import shrunk
from popbridge.study.fuzzing import campaign
from popbridge.study.fuzzing import study as fuzzing
from popbridge.study.fuzzing.campaign import Batch, read_batch, verdict
from popbridge.study.fuzzing.mutations import any_bytes
from popbridge.study.fuzzing.study import FuzzRequest, fuzz
from popbridge.study.fuzzing.targets import Target

REPOSITORY = Path(__file__).parents[3]
NOT_GIVEN_BY_USERS = {
    "behav.chip.cells.MacroCells.read_level_v": "reads cells, no file",
    "behav.crossbar.lines.read_voltages_v": "reads lines, no file",
    "behav.crossbar.read_load.read_crossbar": "reads an array, no file",
    "cli.fuzz.read_some": "reads what is fuzzed",
    "flow.switching.gate_simulation.read_netlist": "written by Yosys",
    "study.accuracy.chip.Study.read_counts": "a value of a journal, whose lines are fuzzed",
    "study.mutation.campaign.read_verdict": "as above",
    "study.run.probes.parse_probes": "words of an option",
    "sim.simulators.job_folder.read_arrays": "written by the process that reads it",
    "sim.spice.ngspice.read_raw": "written by ngspice",
    "study.coverage.points.read_counts": "written by Verilator",
    "study.coverage.unreached.read_list": "the package's own list",
    "study.crossbar.neurons.read_arrays": "reads arrays of bridges, no file",
    "text_file.read_bytes": "no format",
    "study.fuzzing.campaign.read_batch": "reads what is fuzzed",
}
"""Functions named like readers, and why none of them is fuzzed."""


def seeded(name, count):
    """Arguments of a campaign of a few inputs."""
    return ["fuzz", "--seed", str(name), "--inputs", str(count)]


def test_two_thousand_inputs(tmp_path, capsys):
    assert main([*seeded(1, 2000), "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "2000 inputs, seed 1" in out and "found" not in out
    rows = {line[:11].strip(): line[11:].split() for line in out.splitlines()[1:] if line}
    assert [*rows][: len(READERS)] == [*READERS]
    for name in READERS:
        read, refused = map(int, rows[name])
        assert read + refused >= 2000 // len(READERS) and read > 0, name


@pytest.mark.nightly
def test_fifty_thousand_inputs_of_today(tmp_path, capsys):
    seed = int(datetime.date.today().strftime("%Y%m%d"))
    status = main([*seeded(seed, 50_000), "--output", str(tmp_path)])
    out = capsys.readouterr().out
    assert status == 0, out
    with capsys.disabled():
        print(out)


@pytest.mark.parametrize("name", READERS)
def test_valid_inputs_are_read(name, tmp_path):
    target = READERS[name]
    for content in target.seeds():
        assert verdict(target, tmp_path / target.file, content) == (False, None)


def public_readers():
    """Functions that are named like readers of files, in all rooms."""
    for room in ("behav", "bnn", "cli", "figures", "flow", "hdl", "popbridge", "sim", "study"):
        for path in sorted((REPOSITORY / room).rglob("*.py")):
            place = path.relative_to(REPOSITORY).with_suffix("").as_posix().replace("/", ".")
            place = place.removeprefix("popbridge.")
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    yield node.name, f"{place}.{node.name}"
                elif isinstance(node, ast.ClassDef):
                    for each in node.body:
                        if isinstance(each, ast.FunctionDef):
                            yield each.name, f"{place}.{node.name}.{each.name}"


def test_every_reader_of_files_is_fuzzed():
    beginnings = ("read_", "parse_", "from_toml", "from_json", "open_archive", "inline_svg")
    found = {place for name, place in public_readers() if name.startswith(beginnings)}
    fuzzed = {place for target in READERS.values() for place in target.readers}
    assert found - fuzzed == set(NOT_GIVEN_BY_USERS)
    assert {"bnn.network_file.read_network", "record.Result.from_json"} <= found & fuzzed


def broken_reader(path):
    content = path.read_bytes()
    if b"\xff" in content and b"a" in content:
        raise KeyError("two\nlines")
    if content.startswith(b"b"):
        time.sleep(9)
    if content.startswith(b"c"):
        raise Talkative("much")
    if content.startswith(b"d"):
        raise InputError("one\nline")


class Talkative(InputError):
    def __str__(self):
        return "two\nlines"


BROKEN = Target(
    readers=(), file="a", seeds=lambda: [b"seed a"], read=broken_reader, mutations=(any_bytes,)
)


def test_verdicts(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "TIME_LIMIT_S", 0.2)
    path = tmp_path / "a"
    assert verdict(BROKEN, path, b"") == (False, None)
    assert verdict(BROKEN, path, b"d") == (True, None)
    refused, what = verdict(BROKEN, path, b"\xffa")
    assert not refused and what.startswith("KeyError in ")
    assert verdict(BROKEN, path, b"b")[1].startswith("Hang in ")
    assert verdict(BROKEN, path, b"c") == (True, r"message 'two\nlines'")


def test_what_is_found_is_shrunk():
    batch = Batch(target="broken", seeds=[b"seed a" * 9], number=0, inputs=3000, seed=2)
    result = read_batch(batch, {"broken": BROKEN})
    (finding,) = (each for each in result.findings if each.what.startswith("KeyError"))
    assert sorted(bytes.fromhex(finding.input)) == [ord("a"), 0xFF]
    assert read_batch(batch, {"broken": BROKEN}) == result
    assert shrunk(bytes(range(256)), lambda less: {3, 200} <= set(less)) == bytes([3, 200])


def test_a_campaign_goes_on_where_it_stopped(tmp_path, monkeypatch):
    request = FuzzRequest(inputs=40, only=("idx",), workers=1, output=tmp_path)
    first = fuzz(request)
    assert first.accepted["idx"] + first.refused["idx"] == 40
    monkeypatch.setattr(fuzzing, "local_workers", lambda *given: pytest.fail("read again"))
    assert fuzz(request) == first


def test_only_readers_that_there_are(capsys):
    assert main(["fuzz", "--only", "ixd"]) == 2
    assert "--only: found 'ixd', expected some of: network, images, " in capsys.readouterr().err
