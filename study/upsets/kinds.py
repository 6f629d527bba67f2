"""What a register of a controller is, by its name."""

import re

CONFIGURATION, STATE, COUNTER, DATA = "configuration", "state", "counter", "data"
KINDS = (STATE, COUNTER, DATA, CONFIGURATION)
_PATTERNS = {
    CONFIGURATION: (
        r"registers\.(interrupt_enable|layer\d+_).*|registers\..*_parity|(running|stopped)"
        r"|.*moves.*|.*spares\.(taken_\d+|parity)"
    ),
    STATE: (
        r".*_state|.*(\.|__)(row|wl|driving|step|request|begun|ended|told|blank|above|evaluated)"
        r"|.*(precharge|evaluate|strobe|share|acc_reset|prog_pulse|prog_op|prog_device)"
        r"|.*valid|.*_(held|free|pulse|asked|kept|upset)|.*granted.*|was_calibrating|irq"
        r"|.*busy|image_order\..*|.*bus__read|.*\.(wrote|upset|mark_\d+)"
    ),
    COUNTER: (
        r".*\.(count|index|trial|plane|remaining|bridge_remaining|favourable|word|kind|group"
        r"|attempt|step|failed|level)|cycles|.*_(seen|done|cycles|stall_cycles|decisions|frames"
        r"|rows|moved|unrepairable)|.*(pulses|retries|failed_cells)|status__.*"
    ),
}


def kind_of(register: str) -> str:
    """Configuration, state, counter or, what is none of these, data."""
    name = register.partition("+")[0]
    # The word of an image is data, the number of a word of failing columns counts.
    if name.endswith("frame_input.word") or name.endswith("input.word"):
        return DATA
    return next((kind for kind, text in _PATTERNS.items() if re.fullmatch(text, name)), DATA)


def module_of(register: str) -> str:
    """The submodule that a register is in; ``controller`` of those in none."""
    return register.rpartition(".")[0] or "controller"
