"""Properties of the controller's ends of AXI4-Stream and AXI4-Lite."""

from amaranth.hdl import Cat, Mux, Signal

from ...hdl.bus.axi_lite import AxiLiteEndpoint
from ...hdl.bus.axi_stream import PacketInput
from ...hdl.config import STREAM_BITS, LayerConfig, MacroConfig, NetworkConfig, Readout
from ...hdl.controller.frames import ScoreOutput
from .bench import Bench, Fault, Proof, Property, also, unless
from .layer_monitor import changed, implies, past
from .scan_lemmas import fsm_states

PACKET_BITS = STREAM_BITS + 8
"""A packet of two beats."""
LAYER = LayerConfig(
    name="layer", inputs=3, bias_columns=0, neurons=3, readout=Readout.COUNT,
    macro=MacroConfig(rows=3, columns=3),
)  # fmt: skip
OUTPUT = NetworkConfig(layers=(LAYER,), offsets=(0, -1, 2))
"""Three classes."""
ADDRESS_BITS = 8
MOST_CYCLES = 2
"""From the last part of a request to its answer."""


def _packet_input(bench: Bench) -> None:
    packets, m = bench.hardware, bench.m
    beats = packets.beats
    state = bench.inner("frame_state")
    within = {name: state == code for name, code in fsm_states(state).items()}
    taken = packets.s_axis_tvalid & packets.s_axis_tready
    place = Signal(range(beats + 2))
    word = Signal(beats * STREAM_BITS)
    # A restart within a frame spoils what is left of it.
    spoiled = Signal()
    ends = taken & packets.s_axis_tlast
    goes_on = (taken | (place != 0)) & ~ends
    m.d.sync += spoiled.eq(goes_on & (spoiled | packets.restart))
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
        rises,
    )
    waits = past(m, packets.o.valid & ~packets.o.ready & ~packets.restart, "waits")
    held = packets.o.valid & ~changed(m, packets.o.payload, "payload")
    bench.prove("packet_waits", implies(waits, held), waits)
    begins = taken & (place == 0)
    allowed = packets.enabled | packets.busy
    bench.prove("none_begun_while_stopped", implies(begins, allowed), begins)
    count = bench.inner("count")
    for lemma in (
        implies(within["COLLECT"], (count == place) & (count < beats)),
        bench.inner("begun") == (within["COLLECT"] & (place != 0)),
        bench.inner("told") == within["DISCARD"],
        bench.inner("whole") == within["FULL"],
        implies(within["DISCARD"], (place >= beats) & (count == 0)),
        implies(within["DISCARD_REST"], (place != 0) & (count == 0)),
        spoiled == within["DISCARD_REST"],
        implies(within["FULL"], (place == 0) & (count == 0)),
        Cat(within.values()).any(),
        bench.inner("word") == word,
        implies(intact, within["FULL"]),
        implies(within["FULL"] & ~intact, past(m, within["FULL"], "full")),
    ):
        bench.lemma(lemma)


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
    stays = output.m_axis_tvalid & ~changed(m, data, "beat")
    bench.prove("beat_waits", implies(waits, stays), waits & (beat == output.classes))
    last = output.m_axis_tlast == (beat == output.classes)
    ends = taken & output.m_axis_tlast
    bench.prove("last_beat_marked", implies(output.m_axis_tvalid, last), ends)
    bench.lemma(beat == Mux(state == codes["SCORES"], index + 1, 0))
    bench.lemma(index < output.classes)
    bench.lemma(implies(Cat(state == codes["IDLE"], state == codes["CLASS"]).any(), index == 0))


def _axi_lite(bench: Bench) -> None:
    port, m = bench.hardware, bench.m
    written = {channel: Signal(name=f"{channel}_open") for channel in ("aw", "w", "ar")}
    takes = {}
    for channel, answer in (("aw", "b"), ("w", "b"), ("ar", "r")):
        asked, answered = (
            getattr(port, f"s_axil_{name}valid") & getattr(port, f"s_axil_{name}ready")
            for name in (channel, answer)
        )
        takes[channel] = asked
        with m.If(asked):
            m.d.sync += written[channel].eq(1)
        with m.Elif(answered):
            m.d.sync += written[channel].eq(0)
    both = written["aw"] & written["w"]
    both_answered = port.s_axil_bvalid & port.s_axil_rvalid
    bench.prove(
        "no_answer_without_request",
        implies(port.s_axil_bvalid, both) & implies(port.s_axil_rvalid, written["ar"]),
        both_answered,
    )
    overtaken = Cat(takes[channel] & written[channel] for channel in takes)
    again = past(m, port.s_axil_bvalid, "answered") & takes["aw"]
    bench.prove("one_answer_each", ~overtaken.any(), again)
    answer_b = Cat(port.s_axil_bresp)
    answer_r = Cat(port.s_axil_rresp, port.s_axil_rdata)
    waits_b = past(m, port.s_axil_bvalid & ~port.s_axil_bready, "b_waits")
    waits_r = past(m, port.s_axil_rvalid & ~port.s_axil_rready, "r_waits")
    bench.prove(
        "answer_waits",
        implies(waits_b, port.s_axil_bvalid & ~changed(m, answer_b, "b"))
        & implies(waits_r, port.s_axil_rvalid & ~changed(m, answer_r, "r")),
        waits_b & waits_r,
    )
    late = []
    for begun, valid in ((both, port.s_axil_bvalid), (written["ar"], port.s_axil_rvalid)):
        waited = Signal(range(MOST_CYCLES + 1))
        pending = begun & ~valid
        m.d.sync += waited.eq(Mux(pending, waited + 1, 0))
        late.append(pending & (waited >= MOST_CYCLES - 1))
    bench.prove("answer_in_time", ~Cat(late).any(), both_answered)
    bench.lemma(written["aw"] == (bench.inner("address_held") | port.s_axil_bvalid))
    bench.lemma(written["w"] == (bench.inner("data_held") | port.s_axil_bvalid))
    for half in ("address", "data"):
        bench.lemma(bench.inner(f"{half}_held") == ~bench.inner(f"{half}_free"))
    bench.lemma(written["ar"] == (port.bus.read | port.s_axil_rvalid))
    bench.lemma(~(port.s_axil_bvalid & (bench.inner("address_held") | bench.inner("data_held"))))
    bench.lemma(~(port.s_axil_rvalid & port.bus.read))


IMAGE_STREAM = (
    Property(
        "whole_packets_only",
        "A word comes after each packet of exactly the right number of beats, and holds its bits; "
        "after no other.",
        Fault("tlast is taken to be there on the last beat", "final", also("taken")),
    ),
    Property(
        "packet_waits", "The word stays, unchanged, until it is taken or a restart discards it.",
        Fault(
            "the word is withdrawn when the next packet comes", "o__valid", unless("s_axis_tvalid")
        ),
    ),
    Property(
        "none_begun_while_stopped", "No packet is begun while none is enabled.",
        Fault(
            "beats are taken whether enabled or not", "s_axis_tready",
            lambda true, inner: true | ~inner("busy"),
        ),
    ),
)  # fmt: skip
RESULT_STREAM = (
    Property(
        "beat_waits", "A beat stays, unchanged, until it is taken.",
        Fault(
            "the beat is withdrawn when the next codes come", "m_axis_tvalid", unless("i__valid")
        ),
    ),
    Property(
        "last_beat_marked",
        "Each packet is the class and one beat per score; tlast is on the last alone.",
        Fault("tlast comes one beat early", "final", lambda true, inner: inner("index") == 1),
    ),
)  # fmt: skip
CONTROL_BUS = (
    Property(
        "no_answer_without_request",
        "A write is answered after its address and its data, a read after its address.",
        Fault(
            "the data of a write are not waited for", "bus__write",
            lambda true, inner: inner("address_held"),
        ),
    ),
    Property(
        "one_answer_each", "No request is taken before the one before it is answered.",
        Fault("addresses are taken while an answer waits", "s_axil_awready", also("s_axil_bvalid")),
    ),
    Property(
        "answer_waits", "An answer stays, unchanged, until it is taken.",
        Fault("reads are taken while an answer waits", "s_axil_arready", also("s_axil_rvalid")),
    ),
    Property(
        "answer_in_time", f"An answer comes within {MOST_CYCLES} cycles.",
        Fault("the bank is written only while no read goes on", "bus__write", unless("bus__read")),
    ),
)  # fmt: skip


def bus_proofs() -> list[Proof]:
    """The stream of images, the stream of results, and the control bus."""
    return [
        Proof(
            design="image stream", scope="packets of two beats", properties=IMAGE_STREAM,
            hardware=lambda: PacketInput(PACKET_BITS), specify=_packet_input, depth=8,
        ),
        Proof(
            design="result stream", scope="three classes", properties=RESULT_STREAM,
            hardware=lambda: ScoreOutput(OUTPUT), specify=_score_output, depth=14,
        ),
        Proof(
            design="control bus", scope="any registers behind it", properties=CONTROL_BUS,
            hardware=lambda: AxiLiteEndpoint(ADDRESS_BITS), specify=_axi_lite, depth=8,
        ),
    ]  # fmt: skip
