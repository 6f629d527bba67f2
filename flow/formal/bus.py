"""Properties of the controller's ends of AXI4-Stream and AXI4-Lite."""

from amaranth.hdl import Cat, Mux, Signal

from ...hdl.bus.axi_lite import AxiLiteEndpoint
from ...hdl.bus.axi_stream import PacketInput
from ...hdl.config import STREAM_BITS, LayerConfig, MacroConfig, NetworkConfig, Readout
from ...hdl.controller.frames import ScoreOutput
from .bench import Bench, Edit, Fault, Method, Proof, Property
from .layer_monitor import changed, implies, past
from .scan_lemmas import fsm_states

PACKET_BITS = STREAM_BITS + 8
"""A packet of two beats."""
OUTPUT = NetworkConfig(
    layers=(
        LayerConfig(
            name="layer", inputs=3, bias_columns=0, neurons=3, readout=Readout.COUNT,
            macro=MacroConfig(rows=3, columns=3),
        ),
    ),
    offsets=(0, -1, 2),
)  # fmt: skip
"""Three classes."""
ADDRESS_BITS = 8
MOST_CYCLES = 2
"""From the last part of a request to its answer."""


def _packet_input(bench: Bench) -> None:
    packets, m = bench.hardware, bench.m
    beats = packets.beats
    state = bench.inner("frame_state")
    codes = fsm_states(state)
    taken = packets.s_axis_tvalid & packets.s_axis_tready
    place = Signal(range(beats + 2))
    word = Signal(beats * STREAM_BITS)
    # A restart within a frame spoils what is left of it.
    spoiled = Signal()
    ends = taken & packets.s_axis_tlast
    within = (taken | (place != 0)) & ~ends
    m.d.sync += spoiled.eq(within & (spoiled | packets.restart))
    with m.If(taken):
        more = Mux(place > beats, place, place + 1)
        m.d.sync += place.eq(Mux(packets.s_axis_tlast, 0, more))
        with m.If((place < beats) & ~spoiled):
            m.d.sync += word.eq(Cat(word, packets.s_axis_tdata)[STREAM_BITS:])
    kept = ~spoiled & ~packets.restart
    intact = past(m, ends & (place == beats - 1) & kept, "intact")
    rises = packets.o.valid & ~past(m, packets.o.valid, "valid")
    bench.prove(
        "whole_packets_only",
        implies(rises, intact & (packets.o.payload == word[: packets.bits]))
        & implies(intact, rises),
    )
    waits = past(m, packets.o.valid & ~packets.o.ready & ~packets.restart, "waits")
    held = packets.o.valid & ~changed(m, packets.o.payload, "payload")
    bench.prove("packet_waits", implies(waits, held))
    begins = taken & (place == 0)
    bench.prove("none_begun_while_stopped", implies(begins, packets.enabled | packets.busy))
    count = bench.inner("count")
    bench.lemma(implies(state == codes["COLLECT"], (count == place) & (count < beats)))
    bench.lemma(implies(state == codes["DISCARD"], (place >= beats) & (count == 0)))
    bench.lemma(implies(state == codes["DISCARD_REST"], (place != 0) & (count == 0)))
    bench.lemma(spoiled == (state == codes["DISCARD_REST"]))
    bench.lemma(implies(state == codes["FULL"], (place == 0) & (count == 0)))
    bench.lemma(Cat(state == code for code in codes.values()).any())
    bench.lemma(bench.inner("word") == word)
    bench.lemma(implies(intact, state == codes["FULL"]))
    bench.lemma(
        implies((state == codes["FULL"]) & ~intact, past(m, state == codes["FULL"], "full"))
    )
    bench.cover("whole_packets_only", rises)
    bench.cover("packet_waits", waits)
    bench.cover("none_begun_while_stopped", begins)


def _score_output(bench: Bench) -> None:
    output, m = bench.hardware, bench.m
    state, index = bench.inner("output_state"), bench.inner("index")
    codes = fsm_states(state)
    taken = output.m_axis_tvalid & output.m_axis_tready
    beat = Signal(range(output.classes + 2))
    with m.If(taken):
        m.d.sync += beat.eq(Mux(output.m_axis_tlast, 0, beat + 1))
    data = Cat(output.m_axis_tdata, output.m_axis_tlast)
    waits = past(m, output.m_axis_tvalid & ~output.m_axis_tready, "waits")
    bench.prove("beat_waits", implies(waits, output.m_axis_tvalid & ~changed(m, data, "beat")))
    last = output.m_axis_tlast == (beat == output.classes)
    bench.prove("last_beat_marked", implies(output.m_axis_tvalid, last))
    place = Mux(state == codes["SCORES"], index + 1, 0)
    bench.lemma(beat == place)
    bench.lemma(index < output.classes)
    bench.lemma(implies(Cat(state == codes["IDLE"], state == codes["CLASS"]).any(), index == 0))
    bench.cover("beat_waits", waits & (beat == output.classes))
    bench.cover("last_beat_marked", taken & output.m_axis_tlast)


def _axi_lite(bench: Bench) -> None:
    port, m = bench.hardware, bench.m
    written = {
        "aw": Signal(name="aw_open"),
        "w": Signal(name="w_open"),
        "ar": Signal(name="ar_open"),
    }
    answers = {"aw": "b", "w": "b", "ar": "r"}
    takes = {}
    for channel, is_open in written.items():
        valid, ready = (getattr(port, f"s_axil_{channel}{end}") for end in ("valid", "ready"))
        answer = answers[channel]
        valid_out, taken_out = (
            getattr(port, f"s_axil_{answer}{end}") for end in ("valid", "ready")
        )
        takes[channel] = valid & ready
        with m.If(valid & ready):
            m.d.sync += is_open.eq(1)
        with m.Elif(valid_out & taken_out):
            m.d.sync += is_open.eq(0)
    both = written["aw"] & written["w"]
    bench.prove(
        "no_answer_without_request",
        implies(port.s_axil_bvalid, both) & implies(port.s_axil_rvalid, written["ar"]),
    )
    overtaken = Cat(takes[channel] & written[channel] for channel in takes)
    bench.prove("one_answer_each", ~overtaken.any())
    answer_b = Cat(port.s_axil_bresp)
    answer_r = Cat(port.s_axil_rresp, port.s_axil_rdata)
    waits_b = past(m, port.s_axil_bvalid & ~port.s_axil_bready, "b_waits")
    waits_r = past(m, port.s_axil_rvalid & ~port.s_axil_rready, "r_waits")
    bench.prove(
        "answer_waits",
        implies(waits_b, port.s_axil_bvalid & ~changed(m, answer_b, "b"))
        & implies(waits_r, port.s_axil_rvalid & ~changed(m, answer_r, "r")),
    )
    late = []
    for asked, valid in ((both, port.s_axil_bvalid), (written["ar"], port.s_axil_rvalid)):
        waited = Signal(range(MOST_CYCLES + 1))
        pending = asked & ~valid
        m.d.sync += waited.eq(Mux(pending, waited + 1, 0))
        late.append(pending & (waited >= MOST_CYCLES - 1))
    bench.prove("answer_in_time", ~Cat(late).any())
    bench.lemma(written["aw"] == (bench.inner("address_held") | port.s_axil_bvalid))
    bench.lemma(written["w"] == (bench.inner("data_held") | port.s_axil_bvalid))
    bench.lemma(written["ar"] == (port.bus.read | port.s_axil_rvalid))
    bench.lemma(~(port.s_axil_bvalid & (bench.inner("address_held") | bench.inner("data_held"))))
    bench.lemma(~(port.s_axil_rvalid & port.bus.read))
    for name in ("no_answer_without_request", "answer_in_time"):
        bench.cover(name, port.s_axil_bvalid & port.s_axil_rvalid)
    bench.cover("one_answer_each", past(m, port.s_axil_bvalid, "answered") & takes["aw"])
    bench.cover("answer_waits", waits_b & waits_r)


def _property(name: str, statement: str, meaning: str, signal: str, edit: Edit) -> Property:
    fault = Fault(meaning=meaning, path=(), signal=signal, edit=edit)
    return Property(name=name, statement=statement, method=Method.INDUCTION, fault=fault)


def _image_stream_proof() -> Proof:
    """Images that come in."""
    return Proof(
        design="image stream",
        scope="packets of two beats",
        hardware=lambda: PacketInput(PACKET_BITS),
        specify=_packet_input,
        depth=8,
        properties=(
            _property(
                "whole_packets_only",
                "A word comes after each packet of exactly the right number of beats, and "
                "holds its bits; after no other.",
                "tlast is taken to be there on the last beat", "final",
                lambda true, inner: true | inner("taken"),
            ),
            _property(
                "packet_waits",
                "The word stays, unchanged, until it is taken or a restart discards it.",
                "the word is withdrawn when the next packet comes", "o__valid",
                lambda true, inner: true & ~inner("s_axis_tvalid"),
            ),
            _property(
                "none_begun_while_stopped", "No packet is begun while none is enabled.",
                "beats are taken whether enabled or not", "s_axis_tready",
                lambda true, inner: true | ~inner("busy"),
            ),
        ),
    )  # fmt: skip


def _result_stream_proof() -> Proof:
    """Results that go out."""
    return Proof(
        design="result stream",
        scope="three classes",
        hardware=lambda: ScoreOutput(OUTPUT),
        specify=_score_output,
        depth=14,
        properties=(
            _property(
                "beat_waits", "A beat stays, unchanged, until it is taken.",
                "the beat is withdrawn when the next codes come", "m_axis_tvalid",
                lambda true, inner: true & ~inner("i__valid"),
            ),
            _property(
                "last_beat_marked",
                "Each packet is the class and one beat per score; tlast is on the last alone.",
                "tlast comes one beat early", "final",
                lambda true, inner: inner("index") == 1,
            ),
        ),
    )  # fmt: skip


def _control_bus_proof() -> Proof:
    """Registers that are read and written."""
    return Proof(
        design="control bus",
        scope="any registers behind it",
        hardware=lambda: AxiLiteEndpoint(ADDRESS_BITS),
        specify=_axi_lite,
        depth=8,
        properties=(
            _property(
                "no_answer_without_request",
                "A write is answered after its address and its data, a read after its address.",
                "the data of a write are not waited for", "bus__write",
                lambda true, inner: inner("address_held"),
            ),
            _property(
                "one_answer_each", "No request is taken before the one before it is answered.",
                "addresses are taken while an answer waits", "s_axil_awready",
                lambda true, inner: true | inner("s_axil_bvalid"),
            ),
            _property(
                "answer_waits", "An answer stays, unchanged, until it is taken.",
                "reads are taken while an answer waits", "s_axil_arready",
                lambda true, inner: true | inner("s_axil_rvalid"),
            ),
            _property(
                "answer_in_time", f"An answer comes within {MOST_CYCLES} cycles.",
                "the bank is written only while no read goes on", "bus__write",
                lambda true, inner: true & ~inner("bus__read"),
            ),
        ),
    )  # fmt: skip


def bus_proofs() -> list[Proof]:
    """The stream of images, the stream of results, and the control bus."""
    return [_image_stream_proof(), _result_stream_proof(), _control_bus_proof()]
