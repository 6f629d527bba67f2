"""Published numbers that several tests of the physics compare with."""

import csv
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def measured_rates():
    """Condition name to the published bit error rate, from the package's data."""
    path = Path(__file__).parents[2] / "figures" / "published" / "measured_ber.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {
        f"measured-{row['group']}-{row['index']}": float(row["ber_percent"]) / 100
        for row in csv.DictReader(lines)
    }
