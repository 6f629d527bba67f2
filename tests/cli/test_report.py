"""The page that ``popbridge report`` writes, read back and held against the JSON."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from support.runs import with_confusion

from popbridge.bnn.network_file import write_network
from popbridge.cli.main import main

VOID = {"meta", "br", "img", "link", "input", "hr"}
MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"
HOSTILE = "</title></style>\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """A page's elements, its tables by the label of their box, and its text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.tables, self.texts = [], [], {}, {}
        self.feed(text)
        self.close()
        assert self.open == []  # every element is closed

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "aria-label" in attributes and tag == "div":
            self.rows = self.tables[attributes["aria-label"]] = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        where = self.open[-1] if self.open else ""
        self.texts[where] = self.texts.get(where, "") + data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def body(self, label):
        """The rows of a table below its titles."""
        return [[cell.replace("\xa0", " ") for cell in row] for row in self.tables[label][1:]]


def number(cell):
    """The size of the number that a cell begins with."""
    return float(re.match(r"[\d.]+", cell.replace(",", "").lstrip(MINUS))[0])


def test_confusion_matrix(labelled_run, make_page):
    rows = Page(make_page(labelled_run)).body("Confusion matrix of the hardware")
    matrix = labelled_run["confusion"]["hardware"]
    assert [[int(cell) for cell in row[1:-1]] for row in rows] == matrix
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    shares = [row[true] / sum(row) for true, row in enumerate(matrix)]
    assert [number(row[-1]) for row in rows] == pytest.approx([100 * s for s in shares], abs=0.05)


def test_heat_of_the_confusion_matrix(labelled_run, make_page):
    with_confusion(labelled_run, [[9, 1, 0], [4, 0, 0], [2, 0, 2]])
    elements = Page(make_page(labelled_run)).elements
    cells = [a for tag, a in elements if tag == "td" and a.get("class") in ("right", "wrong")]
    heats = [(cell["class"], int(re.search(r"(\d+)%", cell["style"])[1])) for cell in cells]
    # 12 % for the faintest, 60 % for the strongest: by share of row, and of the largest wrong one.
    shares = [("right", 9 / 10), ("wrong", 1 / 4), ("wrong", 1), ("wrong", 2 / 4), ("right", 2 / 4)]
    assert heats == [(kind, round(12 + 48 * share)) for kind, share in shares]


def test_every_layer_in_every_table(labelled_run, make_page):
    page = Page(make_page(labelled_run))
    names = [layer["name"] for layer in labelled_run["layers"]]
    for label in page.tables:
        if "layer" in label:
            firsts = [row[0] for row in page.tables[label]]
            assert [first for first in firsts if first in names] == names, label


def test_figures_of_the_tables(labelled_run, make_page):
    page = Page(make_page(labelled_run))
    for layer, row in zip(labelled_run["layers"], page.body("Mapping by layer"), strict=True):
        mapping = layer["mapping"]
        counts = [
            mapping["inputs"], layer["bias_columns"], layer["neurons"], layer["macros"],
            mapping["rows_used"], mapping["columns_used"],
        ]  # fmt: skip
        assert [number(cell) for cell in row[2:8]] == counts
        shares = [100 * mapping["slot_use"], 100 * mapping["cell_use"]]
        assert [number(cell) for cell in row[8:]] == pytest.approx(shares, abs=0.05)
    rows = page.body("Cycles by layer")
    cycles = [layer["cycles"] for layer in labelled_run["layers"]]
    cycles += [labelled_run["latency_cycles"], labelled_run["cycles_per_image"]]
    expected = [[pair["declared"], pair["measured"]] for pair in cycles]
    assert [[number(cell) for cell in row[1:3]] for row in rows] == expected
    rows = page.body("Differing outputs by layer")
    for layer, row in zip(labelled_run["layers"], rows, strict=True):
        assert number(row[1]) == layer["evaluations"] and number(row[2]) == layer["bits_differing"]


def test_columns_of_chained_arrays(labelled_run, make_page):
    first, last = labelled_run["layers"]
    first["arrays"] = 3 * first["macros"]
    rows = Page(make_page(labelled_run)).body("Mapping by layer")
    columns = labelled_run["geometry"]["columns"]
    assert [row[7] for row in rows] == [
        f"{layer['mapping']['columns_used']} of {total}"
        for layer, total in ((first, 3 * columns), (last, columns))
    ]


def test_phases_and_what_is_too_short(labelled_run, make_page):
    page = Page(make_page(labelled_run))
    phases = [phase for layer in labelled_run["layers"] for phase in layer["timing"]]
    rows = [row[-5:] for row in page.body("Phase margins by layer")]
    bars = [a for tag, a in page.elements if tag == "div" and a.get("class", "").startswith("bar")]
    short = [phase["margin_s"] < 0 for phase in phases]
    assert any(short) and not all(short)
    for phase, row, bar, missing in zip(phases, rows, bars, short, strict=False):
        assert row[0] == phase["phase"]
        times = [1e9 * phase[name] for name in ("configured_s", "needed_s", "margin_s")]
        assert [number(cell) for cell in row[1:4]] == pytest.approx(
            list(map(abs, times)), abs=0.0051
        )
        assert row[3].startswith(MINUS) == row[3].endswith("too short") == missing
        assert ("over" in bar["class"]) == missing
    assert page.texts["li"].count("too short by") == sum(short)


def test_worst_neurons(labelled_run, make_page):
    rows = [row[-6:] for row in Page(make_page(labelled_run)).body("Worst neurons by layer")]
    worst = [item for layer in labelled_run["layers"] for item in layer["worst_neurons"]]
    for item, row in zip(worst, rows, strict=True):
        place = [item["neuron"], item["macro"], item["row"], item["differing"]]
        assert [int(cell) for cell in row[:4]] == place
        if item["mean_surplus"] is None:
            assert row[5] == NOTHING
        else:
            assert number(row[5]) == pytest.approx(item["mean_surplus"], rel=0.005)


def test_energy(labelled_run, make_page):
    page, energy = Page(make_page(labelled_run)), labelled_run["energy"]
    whole = energy["per_image_j"]
    for layer, row in zip(energy["layers"], page.body("Energy by layer"), strict=True):
        assert number(row[1]) == pytest.approx(1e9 * layer["per_image_j"], rel=0.005)
        assert number(row[2]) == pytest.approx(100 * layer["per_image_j"] / whole, abs=0.05)
    causes = energy["per_evaluation_j"]
    for (cause, joules), row in zip(causes.items(), page.body("Energy by cause"), strict=True):
        assert row[0] == cause.replace("_", " ")
        assert number(row[1]) == pytest.approx(1e12 * joules, rel=0.005)


def test_summary_and_command(labelled_run, make_page):
    page = Page(make_page(labelled_run))
    accuracy = labelled_run["accuracy"]
    strong = page.texts["strong"].replace("\xa0", " ")
    assert strong.startswith(f"{100 * accuracy['hardware']:.2f} %24")
    assert f"software\xa0{100 * accuracy['software']:.2f}" in page.texts["span"].replace(
        " ", "\xa0"
    )
    assert page.texts["code"] == " ".join(labelled_run["command"])
    for name, version in labelled_run["versions"].items():
        assert f"{name} {version}" in page.texts["p"]


def test_without_labels_one_image_ideal_chip(make_run, make_page):
    result = make_run("--images", "1", "--chip", "ideal")
    page = Page(make_page(result))
    paragraphs = page.texts["p"]
    assert "Not known: the images have no labels" in paragraphs
    assert "Not known of an ideal chip" in paragraphs
    assert "every output is the software network" in paragraphs
    assert page.body("Cycles by layer")[-1][2] == NOTHING


def test_labels_without_a_class_are_told(labelled_run, make_page):
    with_confusion(labelled_run, labelled_run["confusion"]["hardware"], not_counted=3)
    assert "no class of the network: 3." in Page(make_page(labelled_run)).texts["p"]


def test_a_matrix_of_many_classes_is_not_drawn(labelled_run, make_page):
    with_confusion(labelled_run, [[1] * 41] * 41)
    page = Page(make_page(labelled_run))
    assert "Not drawn for 41 classes" in page.texts["p"]
    assert "Confusion matrix of the hardware" not in page.tables


def with_every_text(value, text):
    """The same JSON with another text in place of each."""
    if isinstance(value, dict):
        return {name: with_every_text(item, text) for name, item in value.items()}
    if isinstance(value, list):
        return [with_every_text(item, text) for item in value]
    return text if isinstance(value, str) and value != "ideal" else value


def test_hostile_text_stays_text(labelled_run, make_page):
    result = with_every_text(labelled_run, HOSTILE)
    result["versions"] = {HOSTILE: HOSTILE}
    page = Page(make_page(result))
    assert page.texts["title"] == f"{HOSTILE}: popbridge run"
    assert page.texts["h1"] == HOSTILE
    honest = Page(make_page(labelled_run))
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in honest.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_the_page_needs_nothing_else(labelled_run, make_page):
    text = make_page(labelled_run)
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "a", "form"}
    assert not re.search(r"https?:|\bsrc=|\bhref=|url\(|@import", text)
    policies = [a["content"] for tag, a in page.elements if a.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_output_and_json(labelled_run, make_page, tmp_path, capsys):
    default = make_page(labelled_run)
    assert main(["report", "run.json", "--output", "other.html", "--json", "-"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out.partition("\n")[2]) == {"page": "other.html", "figures": []}
    assert (tmp_path / "other.html").read_text() == default


def test_the_input_is_not_overwritten(labelled_run, make_page, capsys):
    make_page(labelled_run)
    assert main(["report", "run.json", "--output", "./run.json"]) == 2
    assert "--output: found run.json, the input" in capsys.readouterr().err


def test_a_wrong_input_leaves_the_page_that_is_there(labelled_run, make_page, tmp_path):
    before = make_page(labelled_run)
    del labelled_run["energy"]
    (tmp_path / "run.json").write_text(json.dumps(labelled_run))
    assert main(["report", "run.json"]) == 2
    assert (tmp_path / "run.html").read_text() == before
    assert not list(tmp_path.glob(".popbridge*"))


def test_rows_and_bit_planes(tmp_path, monkeypatch, make_network, make_page):
    """A pipelined macro whose first layer has inputs of three bits, on the page."""
    monkeypatch.chdir(tmp_path)
    network = dataclasses.replace(make_network((15, 11, 4)), bits_per_input=3)
    write_network(network, tmp_path / "bits.npz")
    (tmp_path / "macro.toml").write_text(
        "rows = 8\ncolumns = 40\npipelined = true\n[timing]\nshare_cycles = 2\nbridge_cycles = 6\n"
    )
    words = ["bits.npz", "--macro", "macro.toml", "--sim", "pysim", "--images", "2"]
    assert main(["run", *words, "--json", "run.json"]) == 0
    page = Page(make_page(json.loads((tmp_path / "run.json").read_text())))
    # Three times precharge to share, 5 cycles, two dead times; settle, strobe, dead time: 20.
    # A count of 11 columns: two cycles, evaluate, 4 strobes, 3 settlings, a dead time: 11.
    rows = page.body("Rows by layer")
    assert [row[:2] for row in rows] == [["layer0", "20"], ["layer1", "11"]]
    assert [number(row[2]) for row in rows] == [20.0, 18.2]  # two macros, then one; 5 ns a cycle
    assert [row[3:] for row in rows] == [["100.0 %"] * 2, ["91.7 %"] * 2]
    phases = {row[0]: row[1] for row in page.body("Phases of a row")}
    assert phases["Share"] == "2" and phases["Dead time between bit planes"] == "1"
    assert next(cycles for title, cycles in phases.items() if title.startswith("Bridges")) == "6"
    assert "have 3 bits" in page.texts["p"]
