"""Something that fails, made smaller: bytes of an input, events of a scenario."""

from collections.abc import Callable
from typing import TypeVar

Items = TypeVar("Items", bytes, list[str])


def shrunk(content: Items, fails: Callable[[Items], bool], tries: int = 400) -> Items:
    """A part of `content` that still fails: halves, quarters and so on are left out while it does.

    `fails` is called at most `tries` times.
    """
    size = max(1, len(content) // 2)
    while True:
        place = 0
        while place < len(content) and tries > 0:
            less = content[:place] + content[place + size :]
            tries -= 1
            if fails(less):
                content = less
            else:
                place += size
        if size == 1 or tries <= 0:
            return content
        size //= 2
