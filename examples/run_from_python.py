"""``popbridge run`` from Python: one network on a chip of every condition that is given.

Run it with ``python examples/run_from_python.py``. It simulates with Verilator.
"""

from collections.abc import Sequence

from popbridge.study.run.job import run
from popbridge.study.run.request import RunRequest


def main(request: RunRequest, conditions: Sequence[str] = ("nominal", "weak")) -> None:
    for condition in conditions:
        result = run(request.replace(condition=condition))
        wrong = sum(layer.bits_differing for layer in result.layers)
        print(f"{condition}: accuracy {result.accuracy.hardware}, {wrong} outputs differ")


if __name__ == "__main__":
    main(RunRequest(network="mnist", chip=1, images=20))
