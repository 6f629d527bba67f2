"""Figures as files: SVG, PNG, and the tables that they show as CSV."""

import io
from collections.abc import Callable, Sequence
from typing import Any

from .look import PNG_DPI, look
from .tables import Tables, csv_text


def figure_files(name: str, tables: Tables, draw: Callable[[Tables], Any]) -> dict[str, bytes]:
    """A figure as ``NAME.svg`` and ``NAME.png``, each of its tables as ``NAME-TABLE.csv``.

    `draw` makes a matplotlib figure of the tables. Returns contents by name of file; the same
    tables give the same bytes.
    """
    pictures = drawn(lambda: draw(tables), ("svg", "png"))
    files = {f"{name}.{kind}": content for kind, content in pictures.items()}
    return files | {
        f"{name}-{part}.csv": csv_text(table).encode("utf-8", "backslashreplace")
        for part, table in tables.items()
    }


def drawn(draw: Callable[[], Any], kinds: Sequence[str]) -> dict[str, bytes]:
    """A figure in the common look as bytes, for each kind of ``svg`` and ``png``."""
    with look():
        figure = draw()
        files = {kind: io.BytesIO() for kind in kinds}
        for kind, file in files.items():
            # PNG has no date unless it is given one.
            dateless = {"Date": None} if kind == "svg" else None
            figure.savefig(file, format=kind, metadata=dateless, dpi=PNG_DPI)
    return {kind: file.getvalue() for kind, file in files.items()}
