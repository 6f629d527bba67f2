"""Every message about a wrong configuration: where, what was found, what was expected."""

import dataclasses
import re

import pytest

from popbridge.errors import InputError
from popbridge.hdl.config import (
    LayerConfig,
    MacroConfig,
    NetworkConfig,
    PhaseTiming,
    ProgrammingConfig,
    Readout,
)

LAYER = {"name": "fc1", "inputs": 5, "bias_columns": 0, "neurons": 3}
POSITIVE = ("precharge_cycles", "evaluate_cycles", "strobe_cycles", "settle_cycles")
PULSES = ("columns_per_pulse", "form_cycles", "set_cycles", "reset_cycles", "setup_cycles",
          "hold_cycles", "verify_settle_cycles", "first_level")  # fmt: skip
DEAD = ("dead_before_evaluate_cycles", "dead_after_strobe_cycles")

VALUES = [
    *((PhaseTiming, {name: value}, f"{name}: found {value}, expected an integer from 1 to 65535")
      for name in POSITIVE for value in (0, 65_536, 1.5, True)),
    *((PhaseTiming, {name: value}, f"{name}: found {value}, expected an integer from 0 to 65535")
      for name in DEAD for value in (-1, 65_536)),
    *((PhaseTiming, {"clock_period_s": value},
       f"clock_period_s: found {value!r}, expected a finite number above 0")
      for value in (0.0, -1e-9, float("nan"), float("inf"), "5")),
    *((PhaseTiming, {"clock_period_s": value},
       f"clock_period_s: found {value!r}, expected a finite number above 0, at most 0.001")
      for value in (1.0, 5)),
    (MacroConfig, {"rows": 0}, "rows: found 0, expected an integer from 1 to 65535"),
    (MacroConfig, {"spare_rows": -1}, "spare_rows: found -1, expected an integer of at least 0"),
    (MacroConfig, {"rows": 8, "spare_rows": 8},
     "spare_rows: found 8, expected fewer than rows, 8"),
    *((ProgrammingConfig, {name: 0}, f"{name}: found 0, expected an integer of at least 1")
      for name in PULSES),
    *((ProgrammingConfig, {name: -1}, f"{name}: found -1, expected an integer of at least 0")
      for name in ("level_step", "most_retries", "failure_limit")),
    (MacroConfig, {"votes": 0}, "votes: found 0, expected an integer of at least 1"),
    (MacroConfig, {"votes": 4}, "votes: found 4, expected an odd number: votes never tie"),
    (MacroConfig, {"columns": -3}, "columns: found -3, expected an integer from 1 to 65535"),
    *((MacroConfig, {"timing": PhaseTiming(**{name: 0})},
       f"timing.{name}: found 0, expected at least 1 unless the macro sets zero_dead_time_allowed")
      for name in DEAD),
    (LayerConfig, LAYER | {"inputs": 0}, "inputs: found 0, expected an integer of at least 1"),
    (LayerConfig, LAYER | {"neurons": 0}, "neurons: found 0, expected an integer of at least 1"),
    (LayerConfig, LAYER | {"bias_columns": -1},
     "bias_columns: found -1, expected an integer of at least 0"),
    (LayerConfig, LAYER | {"neurons": 70_000}, "fc1: result: found 70000 bits on a bus"),
    (LayerConfig, LAYER | {"bias_columns": 1},
     "fc1: found 5 inputs and 1 bias columns, expected an odd sum, so that a popcount is never"),
    (LayerConfig, LAYER | {"inputs": 64_801, "macro": MacroConfig(columns=1152)},
     "fc1: bit lines of 57 arrays: found 65664 bits on a bus, expected at most 65535"),
    *((LayerConfig, LAYER | {"name": name},
       f"name: found {name!r}, expected letters, digits and underscores, no digit first")
      for name in ("", "fc.1", "fc 1", "1fc", "größe", "fc\\1")),
    *((LayerConfig, LAYER | {"name": name}, f"name: found {name}, expected text")
      for name in (3, None)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "message"), VALUES)
def test_values(kind, values, message):
    with pytest.raises(InputError, match=re.escape(message)):
        kind(**values)


HIDDEN = LayerConfig(**LAYER)
LAST = LayerConfig(name="fc2", inputs=3, bias_columns=0, neurons=2, readout=Readout.COUNT)


def clocked(period_s):
    return MacroConfig(timing=PhaseTiming(clock_period_s=period_s))


NETWORKS = [
    ((), (), "layers: found none, expected at least one"),
    ((HIDDEN, HIDDEN.replace(name="fc3", inputs=3)), (0, 0, 0),
     "fc3: found a sign read-out, expected count in the last layer"),
    ((HIDDEN.replace(readout=Readout.COUNT), LAST), (0, 0),
     "fc1: found a count read-out, expected sign before the last layer"),
    ((HIDDEN, LAST.replace(inputs=5)), (0, 0),
     "fc2: found 5 inputs, expected 3, the neurons of fc1"),
    ((HIDDEN, LAST.replace(name="fc1")), (0, 0),
     "layers: found 'fc1' twice, expected a name for each layer"),
    ((HIDDEN, LAST), (0,), "offsets: found 1, expected 2, one per class"),
    ((HIDDEN, LAST), (0, 2**31), "offsets: found 2147483648, expected integers of magnitude"),
    *(((HIDDEN.replace(name=name), LAST), (0, 0),
       f"layers: found '{name}', the name of another block")
      for name in ("frame_input", "score_output", "axi_lite", "registers", "image_order")),
    ((HIDDEN, LAST.replace(macro=clocked(1e-9))), (0, 0),
     "layers: found clock periods of [5000, 1000] ps, expected one for all layers"),
    ((HIDDEN.replace(macro=clocked(1.5e-12)), LAST), (0, 0),
     "timing.clock_period_s: found 1.5e-12, expected a whole, even number of picoseconds"),
    ((LAST.replace(inputs=65_535, bias_columns=0, macro=MacroConfig(columns=65_535)),), (0, 0),
     "image: found 65536 bits on a bus, expected at most 65535"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "offsets", "message"), NETWORKS)
def test_networks(layers, offsets, message):
    with pytest.raises(InputError, match=re.escape(message)):
        NetworkConfig(layers=layers, offsets=offsets)


FILES = [
    (MacroConfig, "[timing]\nprecharge_cycles = 0",
     "timing.precharge_cycles: found 0, expected an integer from 1 to 65535"),
    *((MacroConfig, f"rows = {text}", f"rows: found {found}, expected an integer from 1 to 65535")
      for text, found in (("0", 0), ("1000000000", 1000000000), ("1.0", 1.0), ("true", True))),
    (MacroConfig, "zero_dead_time_allowed = 1",
     "zero_dead_time_allowed: found 1, expected true or false"),
    (MacroConfig, "timing = 5", "timing: found 5, expected a table of fields"),
    (MacroConfig, "[timing]\ndead_after_strobe_cycles = 0",
     "timing.dead_after_strobe_cycles: found 0, expected at least 1 unless the macro sets "
     "zero_dead_time_allowed"),
    (MacroConfig, "row = 5",
     "unknown field 'row'; expected one of ['rows', 'spare_rows', 'columns', 'votes', 'trim_bits', "
     "'trim_strobes', 'pipelined', 'zero_dead_time_allowed', 'programmable', 'timing', "
     "'programming']"),
    (MacroConfig, "[timing]\nclock = 'fast'",
     "timing: unknown field 'clock'; expected one of ['clock_period_s', 'precharge_cycles', "
     "'dead_before_evaluate_cycles', 'evaluate_cycles', 'strobe_cycles', 'settle_cycles', "
     "'dead_after_strobe_cycles', "
     "'share_cycles', 'dead_after_share_cycles', 'bridge_cycles']"),
    (MacroConfig, "[timing]\nclock_period_s = '5 ns'",
     "timing.clock_period_s: found '5 ns', expected a finite number above 0, at most 0.001"),
    (LayerConfig, "name = 'a'\ninputs = 1\nneurons = 2",
     "bias_columns: found nothing, expected a value"),
    (LayerConfig, "name = 'a'\ninputs = 1\nneurons = 2\nbias_columns = 0\nreadout = 'vote'",
     "readout: found 'vote', expected one of ['sign', 'count']"),
    (NetworkConfig, "layers = 1\noffsets = []", "layers: found 1, expected a list"),
    (NetworkConfig, "layers = [1]\noffsets = []",
     "layers[0]: found 1, expected a table of fields"),
    (NetworkConfig, "layers = []\noffsets = [0.5]", "offsets[0]: found 0.5, expected an integer"),
    (NetworkConfig, "layers = []\noffsets = []", "layers: found none, expected at least one"),
    (NetworkConfig,
     "offsets = []\n[[layers]]\nname = 'a'\ninputs = 1\nneurons = 2\nbias_columns = 1",
     "layers[0]: a: found 1 inputs and 1 bias columns, expected an odd sum, so that a popcount is "
     "never a tie"),
    (NetworkConfig,
     "offsets = []\n[[layers]]\nname = 'a'\ninputs = 1\nneurons = 2\nbias_columns = 0\n"
     "[layers.macro.timing]\nsettle_cycles = 0",
     "layers[0].macro.timing.settle_cycles: found 0, expected an integer from 1 to 65535"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "message"), FILES)
def test_files(kind, text, message, tmp_path):
    path = tmp_path / "macro.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        kind.from_toml(path)
    assert str(caught.value) == f"{path}: {message}"


def test_without_a_file_the_message_begins_with_the_field():
    with pytest.raises(InputError, match=r"^timing\.strobe_cycles: found 0"):
        MacroConfig.from_dict({"timing": {"strobe_cycles": 0}})
    with pytest.raises(InputError, match=r"^found \[\], expected a table of fields"):
        MacroConfig.from_dict([])


def test_unreadable_files(tmp_path):
    missing = tmp_path / "none.toml"
    with pytest.raises(
        InputError, match=r"none\.toml: found No such file or directory, expected a TOML"
    ):
        MacroConfig.from_toml(missing)
    with pytest.raises(InputError, match="found Is a directory, expected a TOML file"):
        MacroConfig.from_toml(tmp_path)
    for content in (b"rows = ", b"rows = 1\nrows = 2", b"\xff\xfe"):
        path = tmp_path / "broken.toml"
        path.write_bytes(content)
        with pytest.raises(
            InputError, match=r"broken\.toml: found (no whole TOML|bytes that are no UTF-8).+"
        ) as caught:
            MacroConfig.from_toml(path)
        assert "\n" not in str(caught.value)


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MacroConfig().rows = 3
