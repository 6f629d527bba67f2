"""Figures as files: SVG, PNG, and the tables that they show as CSV."""

import io
from collections.abc import Callable, Sequence
from typing import Any

from .look import PNG_DPI, look
from .tables import Tables, csv_text


def figure_files(name: str, tables: Tables, draw: Callable[[Tables], Any]) -> dict[str, bytes]:
    """A figure as ``NAME.svg`` and ``NAME.png``, each of its tables as ``NAME-TABLE.csv``.

    The same tables give the same bytes.

    Parameters
    ----------
    name : str
        Begins the names of the files.
    tables : mapping of str to table
    draw : callable
        Makes a matplotlib figure of the tables.

    Returns
    -------
    dict of str to bytes
        Contents by name of file.
    """
    pictures = drawn(lambda: draw(tables), ("svg", "png"))
    files = {f"{name}.{kind}": content for kind, content in pictures.items()}
    return files | {
        f"{name}-{part}.csv": csv_text(table).encode("utf-8") for part, table in tables.items()
    }


def drawn(draw: Callable[[], Any], kinds: Sequence[str]) -> dict[str, bytes]:
    """A figure in the common look as bytes, for each kind of ``svg`` and ``png``."""
    with look():
        figure = draw()
        return {kind: _saved(figure, kind) for kind in kinds}


def _saved(figure: Any, kind: str) -> bytes:
    buffer = io.BytesIO()
    # PNG has no date unless it is given one.
    dateless = {"Date": None} if kind == "svg" else None
    figure.savefig(buffer, format=kind, metadata=dateless, dpi=PNG_DPI)
    return buffer.getvalue()
