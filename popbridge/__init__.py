"""popbridge: binarized neural networks on ReRAM bridge macros, from network to Verilog."""

__version__: str


def __getattr__(name: str) -> str:
    # Looked up when it is asked for: until the command line has begun, nothing catches a Ctrl-C.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("popbridge")
