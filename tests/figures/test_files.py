"""Figures as files: the same bytes for the same tables, and tables that read back."""

import csv
import io
import math
import struct

import pytest
from support.published import published_rows

from popbridge.figures.computed import paper_errors_tables
from popbridge.figures.errors import draw_errors
from popbridge.figures.files import figure_files
from popbridge.figures.published_points import published_table
from popbridge.figures.tables import csv_text, rows_where, table_of_rows


def test_same_tables_same_bytes():
    tables = paper_errors_tables(inputs=[1025])
    one, two = (figure_files("errors", tables, draw_errors) for _ in range(2))
    assert list(one) == ["errors.svg", "errors.png", "errors-exact.csv", "errors-published.csv"]
    assert one == two
    assert b"<dc:date>" not in one["errors.svg"]
    # Other data must show.
    exact = {**tables["exact"], "probability": [p / 2 for p in tables["exact"]["probability"]]}
    other = figure_files("errors", {**tables, "exact": exact}, draw_errors)
    assert other["errors.svg"] != one["errors.svg"]


def test_png_is_200_dots_per_inch_of_a_page():
    png = figure_files("errors", paper_errors_tables(inputs=[1025]), draw_errors)["errors.png"]
    width, _ = struct.unpack(">II", png[16:24])
    assert width == int(183 / 25.4 * 200)


def test_csv_reads_back():
    table = {"x_ns": [0.1, 1e-30, math.pi], "name": ["a,b", 'c"d', "e"], "lost_at": [None, 2, 3]}
    header, *rows = csv.reader(io.StringIO(csv_text(table)))
    assert header == ["x_ns", "name", "lost_at"]
    assert [float(row[0]) for row in rows] == table["x_ns"]
    assert [row[1] for row in rows] == table["name"]
    assert [row[2] for row in rows] == ["", "2", "3"]


def test_unequal_columns_are_no_table():
    with pytest.raises(ValueError):
        csv_text({"a": [1, 2], "b": [1]})


def test_tables_of_rows_and_rows_of_tables():
    table = table_of_rows(("a", "b"), [(1, "x"), (2, "y"), (1, "z")])
    assert rows_where(table, a=1) == {"a": [1, 1], "b": ["x", "z"]}
    assert table_of_rows(("a", "b"), []) == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("name", "rows"), [("measured_ber", 17), ("neuron_errors", 130), ("accuracy_mnist_6ns", 7)]
)
def test_published_points_come_with_the_package_unchanged(name, rows):
    shipped, taken_over = published_table(name), published_rows(name)
    assert len(taken_over) == rows
    for title, column in shipped.items():
        assert column == [float(row[title]) for row in taken_over]
