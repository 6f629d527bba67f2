"""The benchmark command, once, on the shipped network."""

import json
from pathlib import Path

from popbridge.cli import bench
from popbridge.cli.main import main


def test_bench_json(capsys, monkeypatch, build_root):
    monkeypatch.chdir(Path(build_root).parent.parent)
    # What is measured is the same; only the speeds of fewer images and chips mean less.
    monkeypatch.setattr(bench, "BATCH_IMAGES", 200)
    monkeypatch.setattr(bench, "SWEEP_CHIPS", 2)
    assert main(["bench", "--images", "20", "--json", "-"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert {"images_per_s", "evaluations_per_s", "peak_rss_bytes"} <= set(result["cosim"])
    assert result["cosim"]["peak_rss_bytes"] > 2**20
    assert result["software"]["images_per_s"] > 0
    assert {"images_per_s", "gemm_images_per_s"} <= set(result["montecarlo"])
    assert 0 < result["errors"]["seconds"] < 60
    # The cycles per second follow from the images per second and the declared interval.
    cosim = result["cosim"]
    assert cosim["cycles_per_s"] > cosim["images_per_s"] * 500
