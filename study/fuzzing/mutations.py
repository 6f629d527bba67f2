"""How inputs are broken: bytes, values of text, arrays of archives, what is inside gzip."""

import gzip
import io
import random
import re
import warnings
from collections.abc import Callable, Sequence

import numpy as np

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
"""From a valid input, and all of them, to a broken one."""

TOKENS = (
    b"", b"\0", b"\n", b"\r\n", b"\x1b[31m", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    "\u2028".encode(), "\u202e".encode(), b"[" * 2000, b"{" * 300, b'{"a":' * 300, b"(" * 500,
    b"<g>" * 300, b"a." * 300, b"9" * 5000, b"0x" + b"f" * 5000, b"1e999", b"-1e999", b"1e-999",
    b"NaN", b"nan", b"-Infinity", b"inf", b"null", b"true", b"[]", b"{}", b'""', b'"\\ud800"',
    b'"a\\nb"', b"-1", b"-0.0", b"0", b"1", b"0.5", b"2147483648", b"4294967295", b"4294967296",
    b"9223372036854775808", b"18446744073709551616", b"1979-05-27T07:32:00Z", b"&amp;", b"]]>",
    b"<!ENTITY a 'b'>", b"__proto__", b"\\", b"#", b"$end", b"2001-02-30", b"'", b'"', b"x" * 3000,
)  # fmt: skip
"""What readers of other programs have stumbled over."""
_VALUE = re.compile(rb"\"[^\"\n]*\"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\b(?:true|false|null)\b")
_KINDS = ("u1", "i1", "<i4", ">i4", "<f8", "?", "<U3", "<M8[s]", "S4", "<u8", "<f2", "<c16")


def _range(draw: random.Random, length: int) -> tuple[int, int]:
    first = draw.randrange(length + 1)
    return first, min(length, first + draw.choice((1, 2, 4, 16, 256)))


def any_bytes(draw: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """A bit, a byte or a range is changed, cut, repeated, or taken from elsewhere."""
    first, end = _range(draw, len(content))
    kind = draw.randrange(7)
    if kind == 0 and first < len(content):
        flipped = content[first] ^ 1 << draw.randrange(8)
        return content[:first] + bytes([flipped]) + content[first + 1 :]
    if kind == 1:
        return content[:first] + draw.randbytes(end - first) + content[end:]
    if kind == 2:
        return content[:first] + content[end:]
    if kind == 3:
        return content[:first] + content[first:end] * draw.choice((2, 3, 50)) + content[end:]
    if kind == 4:
        other = draw.choice(seeds)
        begin, stop = _range(draw, len(other))
        return content[:first] + other[begin:stop] + content[end:]
    if kind == 5:
        return content[: first if draw.random() < 0.5 else end]
    return content[:first] + draw.choice(TOKENS) + content[end:]


def any_value(draw: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """A number or a text of JSON, TOML and their like is another one; or a line moves."""
    if draw.random() < 0.2:
        lines = content.split(b"\n")
        line = lines.pop(draw.randrange(len(lines)))
        for _ in range(draw.randrange(3)):
            lines.insert(draw.randrange(len(lines) + 1), line)
        return b"\n".join(lines)
    places = [found.span() for found in _VALUE.finditer(content)]
    if not places:
        return any_bytes(draw, content, seeds)
    first, end = draw.choice(places)
    begin, stop = draw.choice(places)
    value = draw.choice(TOKENS) if draw.random() < 0.7 else content[begin:stop]
    return content[:first] + value + content[end:]


def any_array(draw: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """An archive whose arrays are changed in value, type, shape or name, packed anew."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _change(draw, arrays)
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        return stream.getvalue()
    except Exception:  # what an earlier mutation has broken; a type that does not become another
        return any_bytes(draw, content, seeds)


def _change(draw: random.Random, arrays: dict[str, np.ndarray]) -> None:
    name = draw.choice([*arrays])
    array = arrays[name]
    kind = draw.randrange(7)
    if name == "meta" and kind < 5:
        text = draw.choice((any_value, any_bytes))(draw, array.tobytes(), [array.tobytes()])
        arrays[name] = np.frombuffer(text, np.uint8)
    elif kind == 0:
        arrays[name] = array.astype(draw.choice(_KINDS), casting="unsafe")
    elif kind == 1:
        arrays[name] = draw.choice((array.T, array[:0], array[None], array.ravel(), array[:-1]))
    elif kind == 2:
        raw = any_bytes(draw, array.tobytes(), [array.tobytes()])[: array.nbytes]
        raw += bytes(array.nbytes - len(raw))
        arrays[name] = np.frombuffer(raw, array.dtype).reshape(array.shape)
    elif kind == 3:
        del arrays[name]
    elif kind == 4:
        arrays[draw.choice(("", "images", "meta", "layer9_weights", "a\nb", "x" * 300))] = array
    elif kind == 5:
        arrays[name] = np.asfortranarray(array)
    else:
        arrays[name] = np.array([{}, 1], dtype=object)


def inside_gzip(draw: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """What is packed is changed, and packed anew."""
    try:
        inner = gzip.decompress(content)
    except Exception:  # what an earlier mutation has broken
        return any_bytes(draw, content, seeds)
    return gzip.compress(any_bytes(draw, inner, [inner]), 1, mtime=0)


def mutated(draw: random.Random, seeds: Sequence[bytes], kinds: Sequence[Mutation]) -> bytes:
    """One of the valid inputs, changed one to four times."""
    content = draw.choice(seeds)
    for _ in range(draw.choice((1, 1, 2, 4))):
        content = draw.choice(kinds)(draw, content, seeds)
    return content
