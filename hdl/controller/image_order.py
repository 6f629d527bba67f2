"""The order of images in progress: none is lost and none is twice, whatever one upset does."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ImageOrder(wiring.Component):
    """Gives successive images a mark of 0 and 1 in turn, which follows each on its way.

    Two results with the same mark one after the other, or a last result without the mark of the
    last image once nothing is in progress, say that an image was lost or is one too many.

    Parameters
    ----------
    stages : int
        Layers, and the output of results.

    Members
    -------
    completed : In(1)
        A whole image has come; it is in progress from the next cycle on.
    taken : In(stages)
        In this cycle, a stage takes an image from the one before it.
    done : In(1)
        The last stage sends a result's last beat.
    busy : In(1)
        An image is in progress.
    restart : In(1)
        All images are lost, as told to.
    upset : Out(1)
        In this cycle, one is missing or too many. It is told once.
    """

    def __init__(self, stages: int):
        self.stages = stages
        singles = ("completed", "done", "busy", "restart")
        super().__init__(dict.fromkeys(singles, In(1)) | {"taken": In(stages), "upset": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        last = Signal()
        sent = Signal()
        marks = [Signal(name=f"mark_{stage}") for stage in range(self.stages)]
        given = [last, *marks[:-1]]
        for mark, before, taken in zip(marks, given, self.taken, strict=True):
            with m.If(taken):
                m.d.sync += mark.eq(before)
        with m.If(self.completed):
            m.d.sync += last.eq(~last)
        with m.If(self.done):
            m.d.sync += sent.eq(marks[-1])
        m.d.comb += self.upset.eq(
            Mux(self.busy, self.done & (sent == marks[-1]), sent != last) & ~self.restart
        )
        with m.If(~self.busy):
            m.d.sync += sent.eq(last)
        with m.If(self.restart):
            m.d.sync += Cat(last, sent, marks).eq(0)
        return m
