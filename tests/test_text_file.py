"""Text that nobody means: refused in one line, wherever it is read."""

import pickle
import random

import pytest

from popbridge.behav.params import ChipParameters
from popbridge.cli.main import main
from popbridge.errors import LONGEST_MESSAGE, InputError, printable
from popbridge.hdl.config import MacroConfig
from popbridge.text_file import LARGEST_TOML_BYTES, MOST_LEVELS, parse_json, parse_toml

NOT_JSON = {
    "nothing": (b"", "found no whole JSON (Expecting value, line 1)"),
    "deep lists": (b"[" * 10**5, f"found more than {MOST_LEVELS} levels"),
    "one list too deep": (
        b"[" * (MOST_LEVELS + 1) + b"]" * (MOST_LEVELS + 1), f"found more than {MOST_LEVELS} level",
    ),
    "deep tables": (b'{"a":' * 500 + b"1" + b"}" * 500, f"found more than {MOST_LEVELS} levels"),
    "many digits": (b"[" + b"9" * 5000 + b"]", "found a number of more than 4300 digits"),
    "more than 64 bits": (b'{"a":[0,' + b"9" * 400 + b"]}", "a[1]: found an integer of 1329 bits"),
    "beyond floats": (b'{"a": 1e999}', "a: found inf, which is no finite number"),
    "beyond floats below": (b"-1e999", "found -inf, which is no finite number"),
    "NaN": (b'{"a": NaN}', "a: found nan, which is no finite number"),
    "Infinity": (b"[-Infinity]", "[0]: found -inf, which is no finite number"),
    "a name twice": (b'{"a": {"b": 1, "c": 2, "b": 1}}', "found 'b' twice in an object"),
    "a mark": (b"\xef\xbb\xbf{}", "found a byte order mark"),
    "no UTF-8": (b'{"a": "\xff"}', "found bytes that are no UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "found bytes that are no UTF-8"),
    "a NUL": (b'{"a": "\0"}', "found no whole JSON (Invalid control character at, line 1)"),
    "half a pair": (b'["\\ud800"]', "[0]: found half of a surrogate pair in text"),
    "half a pair in a name": (b'{"\\udfff": 1}', "found half of a surrogate pair in text"),
}  # fmt: skip
NOT_TOML = {
    "deep lists": (b"a = " + b"[" * 10**5, f"found more than {MOST_LEVELS} levels"),
    "deep names": (b".".join([b"a"] * 5000) + b" = 1", f"found more than {MOST_LEVELS} levels"),
    "deep header": (b"[" + b".".join([b"a"] * 5000) + b"]", f"found more than {MOST_LEVELS} lev"),
    "many digits": (b"a = " + b"9" * 5000, "found a number or a date out of range"),
    "many hexadecimal digits": (b"a = 0x" + b"f" * 5000, "a: found an integer of 20000 bits"),
    "beyond floats": (b"a.b = 1e999", "a.b: found inf, which is no finite number"),
    "nan": (b"a = nan", "a: found nan, which is no finite number"),
    "a name twice": (b"a = 1\na = 2", "found no whole TOML (Cannot overwrite a value (at end of"),
    "no such day": (b"a = 2001-02-30", "found "),
    "a mark": (b"\xef\xbb\xbfa = 1", "found a byte order mark"),
    "no UTF-8": (b"a = '\xe9'", "found bytes that are no UTF-8"),
    "a NUL": (b"a = '\0'", "found no whole TOML (Found invalid character"),
    "half a pair": (b'a = "\\ud800"', "found no whole TOML ("),
}


@pytest.mark.parametrize(("content", "message"), NOT_JSON.values(), ids=NOT_JSON)
def test_a_run_that_is_no_json(content, message, tmp_path, capsys):
    with pytest.raises(InputError) as caught:
        parse_json(content)
    assert str(caught.value).startswith(message)
    path = tmp_path / "run.json"
    path.write_bytes(content)
    assert main(["report", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"popbridge: {path}: {message}")
    assert line.endswith(", expected the JSON of popbridge run")


@pytest.mark.parametrize(("content", "message"), NOT_TOML.values(), ids=NOT_TOML)
@pytest.mark.parametrize("kind", [MacroConfig, ChipParameters])
def test_settings_that_are_no_toml(kind, content, message, tmp_path):
    with pytest.raises(InputError) as caught:
        parse_toml(content)
    assert str(caught.value).startswith(message)
    path = tmp_path / "odd.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        kind.from_toml(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert str(caught.value).isprintable()


def test_settings_are_small(tmp_path):
    path = tmp_path / "long.toml"
    path.write_bytes(b"#" * (LARGEST_TOML_BYTES + 1))
    with pytest.raises(InputError, match="found more than 1048576 bytes, expected a TOML file"):
        MacroConfig.from_toml(path)


def test_what_is_plain_is_read():
    deepest = b"[" * MOST_LEVELS + b"]" * MOST_LEVELS
    assert str(parse_json(deepest)) == deepest.decode()
    found = {"a": [2**64 - 1, -0.5, 1e308, None, True], "bé\n": {"": "\U0001d11e"}}
    text = '{"a": [18446744073709551615, -0.5, 1e308, null, true], '
    text += '"b\\u00e9\\n": {"": "\\ud834\\udd1e"}}'
    assert parse_json(text.encode()) == found
    assert parse_toml(b'a = [1, 2.5]\n[b]\n"c\\n" = "d"') == {"a": [1, 2.5], "b": {"c\n": "d"}}


NAMES = ("two\nlines", "\x1b[31mred", "tab\t", "\x85next", "\u2028line", "\u202eright", "\udcff")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", [["report"], ["run", "--macro"], ["run"], ["run", "a network"]])
def test_odd_names_of_files_are_told_in_one_line(name, words, tmp_path, capsys):
    path = tmp_path / f"{name}.toml"
    for content in (None, b"odd = 1"):
        if content is not None:
            path.write_bytes(content)
        try:
            assert main([*words, str(path)]) == 2
        except SystemExit as stopped:  # what argparse refuses
            assert stopped.code == 2
        text = capsys.readouterr().err
        assert text.endswith("\n") and text[:-1].isprintable() and text.startswith("popbridge")
        assert ascii(name)[1:-1] in text


def test_a_message_is_one_printable_line_of_bounded_length():
    draw = random.Random(1)
    for _ in range(2000):
        text = "".join(
            chr(draw.choice([draw.randrange(300), draw.randrange(0x11000)]))
            for _ in range(draw.randrange(1500))
        )
        line = printable(text)
        assert line.isprintable() and len(line) <= LONGEST_MESSAGE
        assert printable(line) == line
        if text.isprintable() and len(text) <= LONGEST_MESSAGE:
            assert line == text
    assert printable("a\nb\\n") == "a\\nb\\n"
    long = printable("first" + "x" * 10**6 + "last")
    assert long.startswith("first") and long.endswith("last") and " ... " in long


def test_errors_come_back_from_other_processes():
    error = InputError("a\nb")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "a\\nb"
