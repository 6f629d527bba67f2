"""The choices that several commands share: network, macro, condition, chip, seed."""

import argparse
import dataclasses
import types
import typing
from typing import Any, TypeVar

from ...field_types import LARGEST, Count, bare
from ...record import Record
from ...study.request import ChipRequest, NetworkRequest

Request = TypeVar("Request", bound=Record)


def add_request_options(
    parser: argparse.ArgumentParser, kind: type[Record], options: dict[str, str]
) -> None:
    """Add options that have the names, types and defaults of a request's fields.

    `options` gives the help by what the usage shows, ``--name`` or ``--name METAVAR``.
    """
    kinds = typing.get_type_hints(kind, include_extras=True)
    fields = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for usage, text in options.items():
        option, _, metavar = usage.partition(" ")
        name = option.removeprefix("--").replace("-", "_")
        field, one = fields[name], kinds[name]
        how: dict[str, Any] = {"metavar": metavar or None, "default": field.default}
        if field.default is dataclasses.MISSING:
            how = {"metavar": metavar, "required": True}
        if typing.get_origin(one) in (types.UnionType, typing.Union, tuple):
            if typing.get_origin(one) is tuple:
                how["nargs"] = "+"
            one = typing.get_args(one)[0]
        if one is bool:
            parser.add_argument(option, action="store_true", help=text)
        else:
            read = seed_number if one == Count else bare(one)
            parser.add_argument(option, type=read, help=text, **how)


def add_network_options(
    parser: argparse.ArgumentParser,
    default: str | None = "mnist",
    what: str = "a shipped network's name or a network file",
) -> None:
    """Add NETWORK and ``--macro``."""
    parser.add_argument("network", nargs="?", default=default, metavar="NETWORK", help=what)
    macro = "the macro: a preset's name or a TOML file (see popbridge presets)"
    add_request_options(parser, NetworkRequest, {"--macro NAME": macro})


def add_chip_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--chip``, ``--condition`` and ``--seed``."""
    parser.add_argument(
        "--chip", type=chip_number, default=ChipRequest.chip, metavar="ideal|SEED",
        help="the chip: ideal, or the seed that every device and mismatch is drawn from",
    )  # fmt: skip
    add_condition_options(parser)


def add_condition_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--condition`` and ``--seed``."""
    options = {
        "--condition NAME": "programming and read condition: a preset's name or a TOML file",
        "--seed": "of the comparators' noise and of random images",
    }
    add_request_options(parser, ChipRequest, options)


def add_image_options(parser: argparse.ArgumentParser, kind: type[Record], default: int) -> None:
    """Add ``--data`` and ``--images`` of a request."""
    options = {
        "--data PATH": "images: an .npz file or a folder of IDX files; without it the shipped test "
        "images where they fit, else random ones",
        "--images N": f"how many images, from the first; without it {default}, or all if fewer",
    }
    add_request_options(parser, kind, options)


def chip_number(text: str) -> int | None:
    """The value of ``--chip``: None for the ideal chip."""
    return None if text == "ideal" else seed_number(text, "ideal or ")


def seed_number(text: str, also: str = "") -> int:
    """The value of an option that takes a seed, or the number of a chip."""
    if not (text.isascii() and text.isdecimal()) or int(text) > LARGEST:
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected {also}an integer from 0 to {LARGEST}"
        )
    return int(text)


def request_of(kind: type[Request], arguments: argparse.Namespace) -> Request:
    """What the command line asks for: its options have the names of the request's fields."""
    names = {item.name for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in vars(arguments).items() if name in names})
