"""How long work says what it is doing: a callback that everything long takes as `progress`."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, and of countable work with how much of how much is done."""

    def __call__(self, message: str, done: int = ..., total: int = ..., /) -> None: ...


def silent(message: str, done: int = 0, total: int = 0, /) -> None:
    """The `Progress` that says nothing."""
