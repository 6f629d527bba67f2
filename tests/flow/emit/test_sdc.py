"""The constraints, each port once."""

import re

from popbridge.flow.emit.sdc import constraints


def test_every_port_has_its_delay():
    text = constraints("demo", 5000, ["rst", "data", "a__sense_p", "a__sense_n"], ["bl", "wl"])
    assert "create_clock -name clk -period 5.0000 [get_ports clk]" in text
    delays = dict(
        (port, float(ns))
        for ns, port in re.findall(r"set_\w+_delay (\S+) -clock clk \[get_ports (\w+)\]", text)
    )
    assert delays == {
        "rst": 1.0, "data": 1.0, "a__sense_p": 2.5, "a__sense_n": 2.5, "bl": 1.0, "wl": 1.0,
    }  # fmt: skip
    assert re.findall(r"set_load 0.05 \[get_ports (\w+)\]", text) == ["bl", "wl"]
    said = [line for line in text.splitlines() if line.startswith("#")]
    assert "Constraints of demo" in said[0] and "read_sdc" in said[1]
    assert "false_path" not in text
