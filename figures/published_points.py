"""Published points, as they are kept in ``published/`` with their source in the first lines."""

import csv
from importlib import resources

SOURCE = "Ezzadeen et al. 2024"
"""What a legend calls the source paper, doi 10.1038/s44172-024-00226-z."""


def published_table(name: str) -> dict[str, list[float]]:
    """The columns of ``published/NAME.csv``: measured_ber, neuron_errors or accuracy_mnist_6ns."""
    path = resources.files(__package__) / "published" / f"{name}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    header, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    columns = zip(*rows, strict=True)
    return {
        title: [float(cell) for cell in column]
        for title, column in zip(header, columns, strict=True)
    }
