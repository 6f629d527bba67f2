"""Each way in which an outcome can be wrong is found and named."""

import dataclasses

import pytest
from support.jobs import make_job, make_mapped

from popbridge.errors import HardwareFault
from popbridge.sim.pysim.run import run_in_pysim
from popbridge.sim.verdict import check_hardware


@pytest.fixture(scope="module")
def cache():
    return {}


@pytest.fixture
def finished(cache):
    """A job and a fresh copy of its right outcome."""
    if not cache:
        job = make_job(make_mapped((9, 5, 3), rows=4, columns=32), chip=2)
        cache["job"], cache["outcome"] = job, run_in_pysim(job)
    outcome = cache["outcome"]
    copies = {name: [array.copy() for array in getattr(outcome, name)]
              for name in ("inputs", "answers")}  # fmt: skip
    return cache["job"], dataclasses.replace(
        outcome, results=outcome.results.copy(), scans=list(outcome.scans), **copies
    )


def flip(array):
    array[1, 0] ^= 1


FAULTS = {
    "image at layer 0": (lambda o: flip(o.inputs[0]), "layer0: 1 input bits"),
    "bits between layers": (lambda o: flip(o.inputs[1]), "layer1: 1 input bits"),
    "an answer not kept": (lambda o: flip(o.answers[0]), "layer1: 1 input bits"),
    "a code not kept": (lambda o: flip(o.answers[1]), "1 result packets"),
    "a score": (lambda o: flip(o.results), "1 result packets"),
    "dropped": (lambda o: setattr(o, "dropped", 2), "2 intact images"),
    "unresolved": (lambda o: setattr(o, "unresolved", 7), "7 unresolved decisions counted, 0"),
}
METERS = {
    "longer scan": ("longest", 1, r"{what}: measured {n} to {more} cycles, declared {n}$"),
    "shorter scan": ("shortest", -1, r"{what}: measured {less} to {n} cycles, declared {n}$"),
    "missing scan": ("count", -1, r"{what}: measured {fewer} times, expected {count}$"),
}


def test_right_outcome_passes(finished):
    check_hardware(*finished)


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_wrong_data(finished, change, message):
    job, outcome = finished
    change(outcome)
    with pytest.raises(HardwareFault, match=message):
        check_hardware(job, outcome)


@pytest.mark.parametrize(("field", "by", "message"), METERS.values(), ids=METERS.keys())
@pytest.mark.parametrize("which", ["scan", "image_latency", "result_interval"])
def test_wrong_cycles(finished, which, field, by, message):
    job, outcome = finished
    meter = outcome.scans[1] if which == "scan" else getattr(outcome, which)
    wrong = dataclasses.replace(meter, **{field: getattr(meter, field) + by})
    if which == "scan":
        outcome.scans[1] = wrong
    else:
        setattr(outcome, which, wrong)
    what = {"scan": "layer1: scan"}.get(which, which.replace("_", " "))
    n, count = meter.longest, meter.count
    expected = message.format(what=what, n=n, more=n + 1, less=n - 1, fewer=count - 1, count=count)
    with pytest.raises(HardwareFault, match=f"^{expected}"):
        check_hardware(job, outcome)
