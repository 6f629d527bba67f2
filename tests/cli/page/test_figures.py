"""Drawings on the report's page: harmless, self-contained, and without each other's ids."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from popbridge.cli.main import main
from popbridge.cli.page.figures import inline_svg, read_figures
from popbridge.errors import InputError

HEAD = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
CLIPPED = (
    HEAD
    + b'<style>*{stroke-linecap: butt} #hole, g > .x{fill: url(#hole)}</style><clipPath id="hole">'
    b'<path d="M0 0"/></clipPath><g clip-path="url(#hole)"><use xlink:href="#hole" fill="#333"/>'
    b"</g></svg>"
)


def ids_and_references(svg):
    """All ids of an element, and all that its attributes and style sheets refer to."""
    root = ElementTree.fromstring(svg)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    texts = [text for element in root.iter() for text in (*element.attrib.values(), element.text)]
    used = re.findall(r"url\(['\"]?#([^)'\"]+)", " ".join(filter(None, texts)))
    used += [element.get("href")[1:] for element in root.iter("use")]
    return ids, used


def test_ids_are_unique_and_references_stay_in_their_figure():
    found = [ids_and_references(inline_svg(CLIPPED, prefix)) for prefix in ("figure1", "figure2")]
    for number, (ids, used) in enumerate(found, 1):
        assert ids == [f"figure{number}", f"figure{number}-hole"]
        assert used == [f"figure{number}-hole"] * 3
    assert not set(found[0][0]) & set(found[1][0])


def test_style_rules_hold_in_their_figure_only():
    sheet = ElementTree.fromstring(inline_svg(CLIPPED, "f")).find("style").text
    selectors = [part.strip() for part in re.findall(r"[^{}]+(?=\{)", sheet)]
    assert selectors == ["#f *", "#f #f-hole, #f g > .x"]


def test_colours_and_pictures_are_kept():
    picture = b'<image href="data:image/png;base64,iVBO+/Rw==&#10;"/>'
    svg = inline_svg(HEAD + b'<path fill="#abc" d="M0 0"/>' + picture + b"</svg>", "f")
    root = ElementTree.fromstring(svg)
    assert root.find("path").get("fill") == "#abc"
    assert root.find("image").get("href").startswith("data:image/png;base64,iVBO+/Rw==")


def test_what_draws_nothing_is_left_out():
    silent = b'<metadata><x xmlns="urn:other">a</x></metadata><title>t</title><!-- note -->'
    foreign = b'<o:view xmlns:o="urn:other" onload="x()"/><g o:onload="x" xmlns:o="urn:other"/>'
    root = ElementTree.fromstring(inline_svg(HEAD + silent + foreign + b"</svg>", "f"))
    assert [element.tag for element in root.iter()] == ["svg", "g"]
    assert root.find("g").attrib == {}


REFUSED = {
    "script": (b"<script>alert(1)</script>", "found <script>, expected a drawing without it"),
    "handler": (b'<g onload="alert(1)"/>', "found the attribute onload of <g>"),
    "capital handler": (b'<g ONCLICK="alert(1)"/>', "found the attribute ONCLICK of <g>"),
    "HTML inside": (b"<foreignObject/>", "found <foreignObject>"),
    "link": (b'<a xlink:href="#x"/>', "found <a>"),
    "animated address": (b'<set attributeName="href" to="x"/>', "found <set>"),
    "script address": (b'<use xlink:href="javascript:alert(1)"/>', "found href 'javascript:"),
    "outside drawing": (b'<use href="other.svg#x"/>', "found href 'other.svg#x' of <use>"),
    "outside picture": (b'<image href="https://a.example/b.png"/>', "found href 'https:"),
    "picture of SVG": (b'<image href="data:image/svg+xml;base64,AA"/>', "found href 'data:image/s"),
    "outside fill": (b'<g fill="url(https://a.example/#b)"/>', "found fill 'url(https:"),
    "quoted fill": (b"<g fill=\"url( 'b.svg#c')\"/>", "found fill"),
    "outside style": (b'<g style="mask: image-set(&quot;b.png&quot; 1x)"/>', "found style"),
    "escaped style": (b'<g style="fill: u\\72l(b.png)"/>', "found style"),
    "import": (b'<style>@import "b.css";</style>', "found a <style> with addresses or @ rules"),
    "outside rule": (b"<style>g{fill: url(b.svg)}</style>", "found a <style> with addresses"),
    "torn rule": (b"<style>} body{display: none}</style>", "found a <style> with addresses"),
}


@pytest.mark.parametrize(("inside", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_runs_or_leads_outside_is_refused(inside, message):
    with pytest.raises(InputError, match=re.escape(message)):
        inline_svg(HEAD + inside + b"</svg>", "f")


BROKEN = {
    "truncated": (CLIPPED[:200], "found no whole XML"),
    "nothing": (b"", "found no whole XML"),
    "HTML": (b"<html></html>", "found <html>, expected <svg>"),
    "no namespace": (b"<svg></svg>", "found <svg>, expected <svg> of the SVG namespace"),
    "unknown encoding": (b'<?xml version="1.0" encoding="odd"?><svg/>', "found no whole XML"),
    "entity": (b'<!DOCTYPE svg [<!ENTITY e SYSTEM "/etc/passwd">]><svg>&e;</svg>', "found"),
    "deep": (HEAD + b"<g>" * 20_000 + b"</g>" * 20_000 + b"</svg>", "nested too deeply"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_svg_is_refused(content, message):
    with pytest.raises(InputError, match=re.escape(message)):
        inline_svg(content, "f")


def test_entities_cannot_grow_without_end():
    levels = b"".join(
        b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10) for level in range(1, 12)
    )
    head = b'<!DOCTYPE svg [<!ENTITY e0 "0123456789">' + levels + b"]>"
    with pytest.raises(InputError, match="found no whole XML"):
        inline_svg(head + HEAD + b"<text>&e11;</text></svg>", "f")


def test_matplotlib_figures_on_the_page(labelled_run, make_page, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    figure = pytest.importorskip("matplotlib.figure")
    (tmp_path / "figures").mkdir()
    for name in ("b.svg", "a <1>.SVG"):
        drawn = figure.Figure()
        drawn.subplots().imshow([[0, 1], [2, 3]])
        drawn.savefig(tmp_path / "figures" / name, format="svg")
    (tmp_path / "figures" / "notes.txt").write_text("no figure")
    page = make_page(labelled_run, "--figures", "figures", "--json", "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["figures"] == ["a <1>.SVG", "b.svg"]
    assert page.index("<figcaption>a &lt;1&gt;.SVG") < page.index("<figcaption>b.svg")
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) > 40 and len(ids) == len(set(ids))
    used = re.findall(r'(?:href="|url\()#([^")]*)', page)
    assert len(used) > 20 and set(used) <= set(ids)
    assert not re.search(r"https?:|\bsrc=", page)


def test_folders_without_figures(labelled_run, make_page, tmp_path, capsys):
    make_page(labelled_run)
    (tmp_path / "empty").mkdir()
    for name, message in {
        "empty": "empty: found no .svg file, expected at least one",
        "nowhere": "nowhere: found No such file or directory, expected a folder of figures",
        "run.json": "run.json: found Not a directory, expected a folder of figures",
    }.items():
        assert main(["report", "run.json", "--output", "new.html", "--figures", name]) == 2
        assert capsys.readouterr().err == f"popbridge: {message}\n"
    (tmp_path / "empty" / "bad.svg").write_bytes(HEAD + b"<script/></svg>")
    with pytest.raises(InputError, match=r"bad\.svg: found <script>"):
        read_figures(tmp_path / "empty")
    assert not (tmp_path / "new.html").exists()
