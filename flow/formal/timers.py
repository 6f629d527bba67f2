"""What holds of every sequencer's timers in any clock cycle, from whatever state.

Lengths are held through a scan, a phase begins with its own and counts down to its end: for all
lengths at once, where a simulation would wait for up to 65,535 cycles in each phase.
"""

from collections.abc import Iterator

from amaranth.hdl import Fragment

from ...hdl.config import PHASE_BITS, LayerConfig, NetworkConfig, PhaseTiming
from ...hdl.controller.layer_registers import layer_register
from ...hdl.layer.sequencer import PhaseSequencer
from .bench import driven_signals
from .scan_lemmas import fsm_states


def timer_assertions(config: NetworkConfig) -> str:
    """Verilog for the inside of a controller's flat module, whose wire `restarts` is its resets."""
    lines = []
    for index, layer in enumerate(config.layers):
        for path, sequencer in _sequencers(layer):
            lines += _Timer(index, path, sequencer).lines()
    return "\n".join(lines) + "\n"


def _sequencers(layer: LayerConfig) -> Iterator[tuple[str, PhaseSequencer]]:
    """The sequencers of a layer, and where they are in the flat module."""
    timing = layer.macro.timing
    planes, pipelined = layer.bits_per_input, layer.overlapped
    scan = PhaseSequencer(timing, trials=layer.trials, planes=planes, pipelined=pipelined)
    yield f"{layer.name}.sequencer", scan
    if layer.trim_bits_in_use:
        calibration = PhaseSequencer(timing, trials=layer.macro.trim_strobes)
        yield f"{layer.name}.calibrator.sequencer", calibration


class _Timer:
    """Assertions about one sequencer: its registers now against those of the cycle before."""

    def __init__(self, index: int, path: str, sequencer: PhaseSequencer):
        self.index = index
        self.path = path
        self.sequencer = sequencer
        self.tag = path.replace(".", "_")
        codes = fsm_states(driven_signals(Fragment.get(sequencer, None))["phase_state"])
        self.idle = codes["IDLE"]
        phases = dict(PhaseTiming().phases(sequencer.trials, sequencer.planes))
        self.states = {phase.upper(): codes[phase.upper()] for phase in phases}
        self.lengths = [f"{phase}_cycles" for phase in phases]
        self.lengths += ["bridge_cycles"] * sequencer.pipelined
        self.state, self.state_before = self.now("phase_state"), self.before("phase_state")
        self.begins = f"{self.state_before} == {self.idle} & {self.state} != {self.idle}"

    def now(self, name: str) -> str:
        return rf"\{self.path}.{name} "

    def before(self, name: str) -> str:
        return f"{self.tag}_{name}_before"

    def lines(self) -> list[str]:
        # IDLE is a state besides those of rows.
        widths = {"phase_state": len(self.states).bit_length(), "remaining": PHASE_BITS}
        widths |= {f"held__{length}": PHASE_BITS for length in self.lengths}
        if self.sequencer.pipelined:
            widths["bridge_remaining"] = PHASE_BITS
        lines = [self._kept(name, width, self.now(name)) for name, width in widths.items()]
        for length in self.lengths:
            register = rf"\registers.{layer_register(self.index, length).lower()}_cycles "
            lines.append(self._kept(f"written_{length}", PHASE_BITS, register))
        lines.append(f"reg {self.tag}_goes_on;")
        lines.append(f"always @(posedge clk) {self.tag}_goes_on <= ~restarts;")
        lines += [
            f"always @* if ({self.tag}_goes_on & ({when})) assert ({what});"
            for when, what in (*self._holds(), *self._counts())
        ]
        return lines

    def _kept(self, name: str, width: int, value: str) -> str:
        register = self.before(name)
        return f"reg [{width - 1}:0] {register}; always @(posedge clk) {register} <= {value};"

    def _holds(self) -> Iterator[tuple[str, str]]:
        """Lengths are those written when a scan begins, else they stay."""
        for length in self.lengths:
            held = self.now(f"held__{length}")
            yield self.begins, f"{held} == {self.before(f'written_{length}')}"
            stays = f"{held} == {self.before(f'held__{length}')}"
            yield f"{self.state_before} != {self.idle}", stays

    def _counts(self) -> Iterator[tuple[str, str]]:
        """A phase begins with its length and goes on, one less in each cycle, until 1 is left."""
        state, before = self.state, self.state_before
        remaining, left = self.now("remaining"), self.before("remaining")
        for name, code in self.states.items():
            length = self.now(f"held__{name.lower()}_cycles")
            yield f"{before} != {code} & {state} == {code}", f"{remaining} == {length}"
            within = f"{before} == {code}"
            goes_on = f"{state} == {code} & {remaining} == {left} - {PHASE_BITS}'d1"
            yield f"{within} & {left} > 1", goes_on
            over = f"{state} != {code}"
            if self.sequencer.pipelined and name == "PRECHARGE":
                dead = self.before("held__dead_before_evaluate_cycles")
                settled = f"{{1'b0, {self.before('bridge_remaining')}}} <= {{1'b0, {dead}}} + 1"
                over = f"({over}) == ({settled})"
            yield f"{within} & {left} <= 1", over
        if self.sequencer.pipelined:
            yield from self._bridges_count()

    def _bridges_count(self) -> Iterator[tuple[str, str]]:
        """Those of the next row, anew from where it begins."""
        remaining, left = self.now("bridge_remaining"), self.before("bridge_remaining")
        length = self.now("held__bridge_cycles")
        yield self.begins, f"{remaining} == {length}"
        counted = f"{remaining} == ({left} == 0 ? 0 : {left} - {PHASE_BITS}'d1)"
        yield f"~({self.begins})", f"{remaining} == {length} | {counted}"
