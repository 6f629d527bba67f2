"""``popbridge bench``: what it asks for, prints and writes."""

import json

from popbridge.cli import bench
from popbridge.cli.main import main
from popbridge.study.speeds import SpeedsResult

SPEEDS = {
    "schema_version": 1,
    "network": "mnist",
    "cosim": {
        "images": 7,
        "images_per_s": 11.0,
        "evaluations_per_s": 13.0,
        "cycles_per_s": 17.0,
        "start_seconds": 19.0,
        "peak_rss_bytes": 23 * 2**20,
    },
    "software": {"images_per_s": 29.0, "layer_images_per_s": 31.0},
    "montecarlo": {
        "images_per_s": 37.0,
        "gemm_images_per_s": 41.0,
        "chip_seconds": 43.0,
        "chips_per_minute": 47.0,
        "peak_rss_bytes": 53 * 2**20,
    },
    "errors": {"seconds": 59.0},
    "seed": 5,
    "versions": {"numpy": "2"},
}
"""Every number told from the others."""


def test_bench_as_it_is_typed(capsys, monkeypatch):
    asked = []

    def speeds(request, progress):
        asked.append(request)
        return SpeedsResult.from_dict(SPEEDS)

    monkeypatch.setattr(bench, "speeds", speeds)
    assert main(["bench", "--images", "7", "--chip", "ideal", "--seed", "5", "--json", "-"]) == 0
    [request] = asked
    assert (request.images, request.chip, request.seed) == (7, None, 5)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == SPEEDS
    shown = [line.split()[-1] for line in printed.err.splitlines()[1:]]
    primes = ["11", "13", "17", "23", "19.0", "29", "31", "37", "41", "43.00", "47", "53", "59.00"]
    assert shown == primes
