"""SVG files made fit to stand inside an HTML page: nothing that runs, nothing from outside."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError

SVG = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
DRAWING = frozenset(
    (
        "svg", "g", "defs", "symbol", "use", "style",
        "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
        "text", "tspan", "textPath", "image",
        "clipPath", "mask", "pattern", "marker", "linearGradient", "radialGradient", "stop",
    )
)  # fmt: skip
"""Elements that only draw. Others make a file unfit, but for those of `SILENT`."""
SILENT = frozenset(("metadata", "title", "desc"))
"""Elements that draw nothing; they are left out, as are those of other namespaces."""
ADDRESS = re.compile(r"//|\\|javascript:|image-set\(|url\(\s*['\"]?\s*[^#'\"\s]", re.IGNORECASE)
"""What leads out of the drawing; CSS can hide anything behind a backslash."""
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]*")
RULES = re.compile(r"(?:\s*[^{}@<]+\{[^{}@<]*\})*\s*")
"""A style sheet of plain rules, without ``@import`` and its like."""


@dataclass(frozen=True)
class Figure:
    """One drawing of the page."""

    name: str
    """Its file's name."""
    svg: str
    """An ``svg`` element for HTML, without namespaces."""


def read_figures(folder: Path) -> list[Figure]:
    """Every ``.svg`` of a folder, in the order of names, each with ids of its own.

    Raises
    ------
    InputError
        No such folder, none in it, or a file that is no SVG, that could run something or that
        refers to something outside itself.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".svg")
    except OSError as error:
        raise InputError(
            f"{folder}: found {error.strerror}, expected a folder of figures"
        ) from None
    if not paths:
        raise InputError(f"{folder}: found no .svg file, expected at least one")
    return [
        Figure(path.name, _read(path, f"figure{number}")) for number, path in enumerate(paths, 1)
    ]


def _read(path: Path, prefix: str) -> str:
    try:
        return inline_svg(path.read_bytes(), prefix)
    except OSError as error:
        raise InputError(f"{path}: found {error.strerror}, expected an SVG file") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def inline_svg(content: bytes, prefix: str) -> str:
    """An SVG file as an element of an HTML page.

    Parameters
    ----------
    content : bytes
        The file.
    prefix : str
        The element's id; put before every id in the file and before every reference to one, so
        that two figures cannot take each other's clip paths and glyphs.

    Raises
    ------
    InputError
        Not XML, not SVG, or with something beyond a self-contained drawing.
    """
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"found no whole XML ({error}), expected an SVG drawing") from None
    if root.tag != f"{SVG}svg":
        raise InputError(f"found <{_local(root.tag)}>, expected <svg> of the SVG namespace")
    for element in list(root.iter()):
        for child in list(element):
            if not child.tag.startswith(SVG) or _local(child.tag) in SILENT:
                element.remove(child)
    for element in root.iter():
        _clean(element, prefix)
    root.set("id", prefix)
    root.set("role", "img")
    try:
        return ElementTree.tostring(root, encoding="unicode")
    except RecursionError:
        raise InputError("found elements nested too deeply, expected an SVG drawing") from None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _clean(element: ElementTree.Element, prefix: str) -> None:
    """Check an element, prefix its ids, and take off its namespaces, which HTML does not need."""
    name = _local(element.tag)
    if name not in DRAWING:
        raise InputError(f"found <{name}>, expected a drawing without it")
    element.tag = name
    attributes = dict(element.attrib)
    element.attrib.clear()
    for key, value in attributes.items():
        if key == XLINK_HREF:
            key = "href"
        if not key.startswith("{"):
            element.set(key, _attribute(name, key, value, prefix))
    if name == "style":
        element.text = _scoped(element.text or "", prefix)


def _attribute(element: str, key: str, value: str, prefix: str) -> str:
    if key.lower().startswith("on"):
        raise InputError(f"found the attribute {key} of <{element}>, expected a drawing without it")
    if key == "id":
        return f"{prefix}-{value}"
    if key == "href":
        if value.startswith("#"):
            return f"#{prefix}-{value[1:]}"
        if element == "image" and PICTURE.fullmatch(value):
            return value
        raise InputError(f"found href {value[:40]!r} of <{element}>, expected one inside the file")
    if ADDRESS.search(value):
        raise InputError(
            f"found {key} {value[:40]!r} of <{element}>, expected no address outside the file"
        )
    return _local_references(value, prefix)


def _local_references(value: str, prefix: str) -> str:
    return re.sub(r"(url\(\s*['\"]?\s*)#", rf"\g<1>#{prefix}-", value, flags=re.IGNORECASE)


def _scoped(sheet: str, prefix: str) -> str:
    """A style sheet whose rules hold inside its own figure only."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    if not RULES.fullmatch(sheet) or ADDRESS.search(sheet):
        raise InputError("found a <style> with addresses or @ rules, expected plain rules")

    def scoped(rule: re.Match[str]) -> str:
        own = rule[1].replace("#", f"#{prefix}-").split(",")
        selectors = ", ".join(f"#{prefix} {part.strip()}" for part in own)
        return f"{selectors} {{{_local_references(rule[2], prefix)}}}"

    return re.sub(r"([^{}]+)\{([^{}]*)\}", scoped, sheet)
