"""Tables: what a figure shows, as columns by name."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Table: TypeAlias = Mapping[str, Sequence[Any]]
"""Columns of equal length by their name, which ends with the unit."""
Tables: TypeAlias = Mapping[str, Table]
"""The tables that a figure shows, by name."""


def table_of_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """The table of these rows; one without rows keeps its columns."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def csv_text(table: Table) -> str:
    """A table as CSV, its numbers such that they read back to the same float; None is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return buffer.getvalue()


def rows_where(table: Table, /, **values: Any) -> Table:
    """The rows of a table in which these columns have these values."""
    kept = [
        index
        for index in range(len(next(iter(table.values()))))
        if all(table[name][index] == value for name, value in values.items())
    ]
    return {name: [column[index] for index in kept] for name, column in table.items()}


def distinct(column: Sequence[Any]) -> list[Any]:
    """The values of a column, each once, in the order of their first row."""
    return list(dict.fromkeys(column))
