"""Records of every kind of field: read, checked, written and read back."""

import enum
import json
import math
from dataclasses import field
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from popbridge.errors import InputError
from popbridge.field_types import Count, Magnitude, Positive, Share, Size
from popbridge.record import Record, Result, ResultPart


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Layer(ResultPart):
    name: str
    share: Share
    joules: dict[str, Magnitude]
    surplus: float | None
    retries: int | None = None


class Finding(Result):
    made_by: ClassVar[str] = "popbridge find"
    chip: Literal["ideal"] | Count
    images: Size
    period_s: Positive
    flag: bool
    colour: Colour
    path: Path
    matrix: tuple[tuple[Count, ...], ...] | None
    ends: tuple[float, float]
    layers: tuple[Layer, ...]


class Settings(Record):
    clock: Positive = 1.0
    limit: Count | None = None
    colours: tuple[Colour, ...] = (Colour.RED,)
    named: dict[str, int] = field(default_factory=dict)


FOUND = {
    "schema_version": 1,
    "chip": 3,
    "images": 2,
    "period_s": 5e-9,
    "flag": True,
    "colour": "blue",
    "path": "a/b.json",
    "matrix": [[1, 0], [0, 1]],
    "ends": [-0.5, 0.5],
    "layers": [{"name": "fc1", "share": 0.25, "joules": {"wires": 0.0}, "surplus": None}],
}


def changed(**values):
    return json.loads(json.dumps(FOUND)) | values


def layer(**values):
    return changed(layers=[FOUND["layers"][0] | values])


def test_json_is_the_dump_and_reads_back(tmp_path):
    finding = Finding.from_dict(FOUND)
    assert finding.layers[0].joules == {"wires": 0.0} and finding.colour is Colour.BLUE
    assert finding.ends == (-0.5, 0.5) and finding.path == Path("a/b.json")
    path = tmp_path / "found.json"
    path.write_text(finding.to_json())
    assert json.loads(path.read_text()) == FOUND
    assert Finding.from_json(path) == finding


def test_a_field_with_default_none_is_left_out_while_it_is_none():
    assert "retries" not in Finding.from_dict(FOUND).to_dict()["layers"][0]
    retried = Finding.from_dict(layer(retries=2))
    assert retried.to_dict() == layer(retries=2)


def test_unknown_fields_are_refused_in_settings_and_results():
    with pytest.raises(InputError, match=r"^unknown field 'later'; expected one of"):
        Finding.from_dict(changed(later=[1]))
    with pytest.raises(InputError, match=r"^layers\[0\]: unknown field 'later'; expected one of"):
        Finding.from_dict(layer(later=[1]))
    with pytest.raises(InputError, match=r"unknown field 'later'; expected one of \['clock', 'li"):
        Settings.from_dict({"later": 1})


def test_toml_has_optional_and_named_fields(tmp_path):
    settings = Settings(clock=2, named={"a": 1})
    path = tmp_path / "settings.toml"
    path.write_text(settings.to_toml())
    assert "limit" not in path.read_text()
    assert Settings.from_toml(path) == settings
    assert isinstance(settings.clock, float)


WRONG = {
    "share above 1": (layer(share=1.5), "layers[0].share: found 1.5, expected a finite number fr"),
    "negative size": (changed(images=0), "images: found 0, expected an integer of at least 1"),
    "not above 0": (changed(period_s=0), "period_s: found 0, expected a finite number above 0"),
    "infinite": (layer(joules={"a": math.inf}), "layers[0].joules.a: found inf, expected a finite"),
    "not a number": (changed(period_s=math.nan), "period_s: found nan, expected a finite number"),
    "too long a number": (changed(images=2**64), "images: found 18446744073709551616, expected an"),
    "far too long for a float": (changed(period_s=10**400), f"period_s: found 1{'0' * 39}..., exp"),
    "flag for count": (changed(images=True), "images: found True, expected an integer of at least"),
    "count for flag": (changed(flag=1), "flag: found 1, expected true or false"),
    "no text": (layer(name=3), "layers[0].name: found 3, expected text"),
    "another word": (changed(chip="real"), "chip: found 'real', expected 'ideal' or an integer of"),
    "another colour": (
        changed(colour="grey"),
        "colour: found 'grey', expected one of ['red', 'blu",
    ),
    "null": (changed(images=None), "images: found None, expected an integer of at least 1"),
    "not null": (layer(surplus="x"), "layers[0].surplus: found 'x', expected a finite number"),
    "inner item": (
        changed(matrix=[[0], [-1]]),
        "matrix[1][0]: found -1, expected an integer of at",
    ),
    "too few": (changed(ends=[1]), "ends: found [1], expected a list of 2"),
    "no list": (changed(layers={}), "layers: found {}, expected a list"),
    "no record": (changed(layers=[1]), "layers[0]: found 1, expected a table of fields"),
    "no table": (layer(joules=[]), "layers[0].joules: found [], expected a table of fields"),
    "long text": (
        changed(images="x" * 10**6),
        f"images: found '{'x' * 39}..., expected an integer",
    ),
    "two lines": (changed(images="a\nb"), r"images: found 'a\nb', expected an integer"),
    "other schema": (changed(schema_version=2), "schema_version: found 2, expected 1"),
    "missing": ({"chip": 1}, "images: found nothing, expected a value"),
}


@pytest.mark.parametrize(("values", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(InputError) as caught:
        Finding.from_dict(values)
    assert str(caught.value).startswith(message)


def test_construction_is_checked_as_reading_is():
    with pytest.raises(InputError, match=r"^clock: found -1, expected a finite number above 0"):
        Settings(clock=-1)
    with pytest.raises(InputError, match=r"^limit: found 'x', expected an integer of at least 0"):
        Settings().replace(limit="x")


def test_files_that_are_no_json(tmp_path):
    path = tmp_path / "found.json"
    path.write_bytes(b"{")
    with pytest.raises(InputError) as caught:
        Finding.from_json(path)
    assert str(caught.value) == (
        f"{path}: found no whole JSON (Expecting property name enclosed in double quotes, line 1), "
        "expected the JSON of popbridge find"
    )
    with pytest.raises(InputError, match="found No such file or directory, expected the JSON of"):
        Finding.from_json(tmp_path / "none.json")
    path.write_text("[]")
    with pytest.raises(InputError, match=r"found \[\], expected a table of fields \(of the JSON"):
        Finding.from_json(path)
