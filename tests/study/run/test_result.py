"""Files that are no whole result of ``popbridge run``: one line that names what is wrong."""

import copy
import dataclasses
import json

import pytest
from support.runs import labelled_request

from popbridge.cli.main import main
from popbridge.errors import InputError
from popbridge.study.run.job import run
from popbridge.study.run.result import RunResult


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def finished(make_network, kept, tmp_path):
    if not kept:
        kept["run"] = run(labelled_request(tmp_path, make_network((15, 11, 4))))
    return kept["run"]


@pytest.fixture
def labelled_run(finished):
    """The JSON of a run."""
    return json.loads(finished.to_json())


def fields(value, path=()):
    """The way to every named field of a JSON value, in the first item of each list."""
    if isinstance(value, list):
        yield from fields(value[0], (*path, 0)) if value else ()
    elif isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from fields(item, (*path, name))


def written(path):
    """``layers[0].cycles.declared``, as messages write it."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".")


def changed(result, path, value=None, *, drop=False):
    """A copy with one field changed, or without it."""
    result = copy.deepcopy(result)
    owner = result
    for part in path[:-1]:
        owner = owner[part]
    if drop:
        del owner[path[-1]]
    else:
        owner[path[-1]] = value
    return result


@pytest.fixture
def complaint(tmp_path):
    def of(result):
        path = tmp_path / "changed.json"
        path.write_text(result if isinstance(result, str) else json.dumps(result))
        with pytest.raises(InputError) as error:
            RunResult.from_json(path)
        message = str(error.value)
        assert message.startswith(f"{path}: ") and "\n" not in message
        return message.removeprefix(f"{path}: ")

    return of


def test_every_field_that_is_missing_is_named(labelled_run, complaint):
    # The names of causes and packages are the run's own: one less is no field missing. A macro's
    # fields have defaults, as in its TOML file; a file without version is of the first one.
    free = {"per_evaluation_j", "versions", "geometry"}
    paths = [path for path in fields(labelled_run) if not set(path[:-1]) & free]
    paths.remove(("schema_version",))
    paths.remove(("warnings",))  # files of before have none
    assert len(paths) > 70
    for path in paths:
        message = complaint(changed(labelled_run, path, drop=True))
        assert message.startswith(f"{written(path)}: found nothing, expected a value"), path


def test_every_field_of_another_kind_is_named(labelled_run, complaint):
    for path in fields(labelled_run):
        for value in ([[]], float("nan"), 2**70):
            message = complaint(changed(labelled_run, path, value))
            assert message.startswith(written(path)) and "expected" in message, path


WRONG = {
    "negative count": (("images",), -1, "images: found -1, expected an integer of at least 1"),
    "share above 1": (("accuracy", "hardware"), 1.5, "accuracy.hardware: found 1.5, expected a fi"),
    "infinite": (("energy", "per_image_j"), float("inf"), "energy.per_image_j: found inf"),
    "flag for count": (("unresolved",), True, "unresolved: found True, expected an integer"),
    "no layers": (("layers",), [], "layers: found none, expected at least one"),
    "other layers": (("energy", "layers"), [], "energy.layers: found other names"),
    "oblong": (("confusion", "hardware"), [[1, 2]], "confusion.hardware: found rows of other len"),
    "other causes": (
        ("energy", "per_evaluation_j"),
        {"magic": 1.0},
        "energy.layers[0].per_evaluation_j: found other causes",
    ),
    "long text": (("images",), "x" * 10**6, f"images: found '{'x' * 39}..., expected an integer"),
    "unknown": (("later",), 1, "unknown field 'later'; expected one of ["),
    "unknown within": (("layers", 0, "later"), 1, "layers[0]: unknown field 'later'; expected"),
    "images of another run": (("images",), 7, "layers[0].evaluations: found "),
    "more differ than there are": (
        ("layers", 0, "bits_differing"),
        10**6,
        "layers[0].bits_differing: found 1000000, expected at most ",
    ),
    "more saturated than there are": (("layers", 0, "saturated"), 12, "layers[0].saturated: found"),
    "another fan-in": (("layers", 0, "fan_in"), 2, "layers[0].fan_in: found 2, expected "),
    "another accuracy": (("accuracy", "hardware"), 0.123, "accuracy.hardware: found 0.123, expec"),
    "accuracy without labels": (("confusion", "software"), None, "confusion.software: found it "),
    "images that are not counted": (
        ("confusion", "hardware", 0, 0),
        10**6,
        "confusion.hardware: found 10000",
    ),
    "another neuron": (
        ("layers", 0, "worst_neurons", 0, "neuron"),
        11,
        "layers[0].worst_neurons[0].neuron: found 11, expected at most 10",
    ),
    "two lines": (("images",), "a\nb", r"images: found 'a\nb', expected an integer"),
}


@pytest.mark.parametrize(("path", "value", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_values(path, value, message, labelled_run, complaint):
    assert complaint(changed(labelled_run, path, value)).startswith(message)


def test_reads_back_what_was_written(finished, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(finished.to_json())
    assert RunResult.from_json(path) == finished
    before_versions = json.loads(path.read_text())
    del before_versions["schema_version"]
    path.write_text(json.dumps(before_versions))
    assert RunResult.from_json(path) == finished


def test_fields_that_a_run_does_not_have_are_named(labelled_run, complaint):
    assert complaint(labelled_run | {"later": 1}).startswith(
        "unknown field 'later'; expected one of ['network', "
    )
    layer = labelled_run["layers"][0] | {"more": None}
    layers = [layer, *labelled_run["layers"][1:]]
    assert complaint(labelled_run | {"layers": layers}).startswith(
        "layers[0]: unknown field 'more'; expected one of ['name', "
    )


def test_not_json_at_all(labelled_run, complaint):
    text = json.dumps(labelled_run)
    assert complaint(text[: len(text) // 2]).startswith("found no whole JSON")
    assert complaint("").startswith("found no whole JSON")
    assert complaint("<html>").startswith("found no whole JSON")
    assert complaint("[" * 100_000).startswith("found more than 64 levels")
    assert complaint("1" * 5000).startswith("found a number of more than")
    assert complaint("[]").startswith("found [], expected a table of fields")


def test_json_of_another_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["presets", "--json", "presets.json"]) == 0
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder").mkdir()
    capsys.readouterr()
    names = [item.name for item in dataclasses.fields(RunResult)]
    for name, message in {
        "presets.json": f"unknown field 'networks'; expected one of {names} (of the JSON of "
        "popbridge run)",
        "missing.json": "found No such file or directory, expected the JSON of popbridge run",
        "binary.json": "found bytes that are no UTF-8, expected the JSON of popbridge run",
        ".": "found Is a directory, expected the JSON of popbridge run",
        "folder": "found Is a directory, expected the JSON of popbridge run",
    }.items():
        assert main(["report", name]) == 2
        assert capsys.readouterr().err == f"popbridge: {name}: {message}\n"
    assert not list(tmp_path.glob("*.html"))
