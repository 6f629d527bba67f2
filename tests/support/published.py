"""The authors' published numbers as the package ships them, held to what was taken over."""

import csv
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "figures" / "published"
DIGESTS = {
    "accuracy_mnist_6ns": "826f2f8d7468609e7769583775d5b028fb66235adc1e9ef7eb63689f4a2f819f",
    "measured_ber": "766105de643a5d5fa65f774f4e046a3dcb977186abcd44a76c9e808ba4e55e62",
    "neuron_errors": "b200c9a70fc50ee9ded8c9e77744fc838abff4e6ad4b8476dbedffcf7f31e78c",
}
"""SHA-256 of each file as it was compared, whole, with the authors' data."""


def published_rows(name):
    """The rows of a file, as dictionaries of text."""
    content = (FOLDER / f"{name}.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == DIGESTS[name], f"{name}.csv was changed"
    lines = content.decode().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def measured_rates():
    """Condition name to the published bit error rate."""
    return {
        f"measured-{row['group']}-{row['index']}": float(row["ber_percent"]) / 100
        for row in published_rows("measured_ber")
    }
