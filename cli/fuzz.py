"""``popbridge fuzz``: broken inputs, and whether each is read or refused in one line."""

import argparse
from pathlib import Path
from typing import Any, TextIO
from xml.etree import ElementTree

from ..study.fuzzing.campaign import Batch, BatchResult, read_batch
from ..study.fuzzing.mutations import any_bytes, any_value
from ..study.fuzzing.study import FuzzRequest, FuzzResult, fuzz
from ..study.fuzzing.targets import TARGETS, Target
from .options.selection import add_request_options, request_of
from .page.figures import DRAWING, read_figures
from .show.output import progress, table

DESCRIPTION = (
    "Valid files of every kind that is read are broken at random: bytes, values, arrays, what is "
    "packed inside. Each must be read to something whole, or refused in one line; what is neither "
    "is shrunk, kept and told, with exit status 1. A killed campaign goes on where it stopped."
)
_SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"
xmlns:xlink="http://www.w3.org/1999/xlink" width="9"><defs><clipPath id="a"><rect width="1"/>
</clipPath><style>*{stroke-linejoin: round} #a {fill: url(#a)}</style></defs>
<g clip-path="url(#a)"><use xlink:href="#a" x="1"/><text>a &amp; b</text></g></svg>
"""


def _read_svg(path: Path) -> None:
    (figure,) = read_figures(path.parent)
    for element in ElementTree.fromstring(figure.svg).iter():
        assert element.tag in DRAWING
        assert not any(name.lower().startswith("on") for name in element.attrib)
        assert not any("javascript:" in value.lower() for value in element.attrib.values())


READERS = {
    **TARGETS,
    "figures": Target(
        readers=("cli.page.figures.read_figures", "cli.page.figures.inline_svg"),
        file="a.svg",
        seeds=lambda: [_SVG],
        read=_read_svg,
        mutations=(any_bytes, any_value),
    ),
}
"""All, those of the page included."""
OPTIONS = {
    "--inputs N": "how many broken inputs",
    "--seed": "what they are drawn from",
    "--only NAME": "these readers; without it all",
    "--workers N": "processes; one per core without it",
    "--output FOLDER": "where finished batches are kept, fuzz.jsonl, and what was found",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add_request_options(parser, FuzzRequest, OPTIONS)


def run(arguments: argparse.Namespace, out: TextIO) -> tuple[dict[str, Any], int]:
    """Run the campaign and report."""
    result = fuzz(request_of(FuzzRequest, arguments), progress, READERS, read_some)
    progress("")
    print_result(result, out)
    return result.to_dict(), 1 if result.findings else 0


def read_some(batch: Batch) -> BatchResult:
    """Read a batch of `READERS`."""
    return read_batch(batch, READERS)


def print_result(result: FuzzResult, out: TextIO) -> None:
    """Print what became of the inputs, and the findings."""
    rows = [[name, result.accepted[name], result.refused[name]] for name in result.accepted]
    print(table(["reader", "read", "refused"], rows), file=out)
    print(f"\n{result.inputs} inputs, seed {result.seed}", file=out)
    for each in result.findings:
        print(f"found: {each.target}: {each.what}: {each.input[:80]}", file=out)
