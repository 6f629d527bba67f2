"""States for the codes of a state register that a state machine does not use."""

from typing import Any

__all__ = ["unused_states"]


def unused_states(fsm: Any) -> list[str]:
    """Names of states to add, so that each code of the state register has one.

    A register that is upset to a code without a state would keep it for ever. Called once all
    other states of the machine are there.

    Parameters
    ----------
    fsm : amaranth.hdl.FSM
        What ``with m.FSM() as fsm`` gives.
    """
    states = len(fsm.encoding)
    return [f"UNUSED_{code}" for code in range(states, 1 << (states - 1).bit_length())]
