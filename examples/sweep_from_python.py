"""``popbridge accuracy`` from Python: chips of two conditions, over the supply.

Run it with ``python examples/sweep_from_python.py``. Finished chips are kept in build/accuracy.
"""

from popbridge.study.accuracy.study import AccuracyRequest, accuracy


def main(request: AccuracyRequest) -> None:
    result = accuracy(request)
    print(f"software {result.software_accuracy:.2%}")
    for point in result.points:
        found = point.accuracy
        print(f"{point.condition}, {point.vdd_v} V: {found.mean:.2%}, std {found.std or 0:.2%}")


if __name__ == "__main__":
    main(AccuracyRequest(condition=("nominal", "weak"), vdd=(1.0, 1.2), chips=4, images=500))
