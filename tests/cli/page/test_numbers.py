"""Numbers as the report writes them, where rounding changes their size."""

import pytest

from popbridge.cli.page.numbers import (
    engineering,
    grouped,
    nanoseconds,
    percent,
    points,
    significant,
)

SIGNIFICANT = {
    0: "0", 0.0999999: "0.100", 1.6: "1.60", 9.996: "10.0", 99.94: "99.9", 99.96: "100",
    3624.6: "3,625", -12.34: "-12.3", 1e-7: "1.00e-07",
}  # fmt: skip


@pytest.mark.parametrize(("number", "text"), SIGNIFICANT.items())
def test_three_significant_digits(number, text):
    assert significant(number) == text


ENGINEERING = {
    0: "0 J", 2.349e-6: "2.35 µJ", 999.4e-9: "999 nJ", 999.6e-9: "1.00 µJ", 1e-9: "1.00 nJ",
    5e-18: "0.00500 fJ", 12e6: "12,000 kJ",
}  # fmt: skip


@pytest.mark.parametrize(("joules", "text"), ENGINEERING.items())
def test_prefixes(joules, text):
    assert engineering(joules, "J").replace("\N{NO-BREAK SPACE}", " ") == text


def test_shares_and_times():
    assert percent(0.98505) == "98.50\N{NO-BREAK SPACE}%"
    assert percent(1 / 3, 1) == "33.3\N{NO-BREAK SPACE}%"
    assert points(-0.005) == "\N{MINUS SIGN}0.50" and points(0.0125) == "+1.25"
    assert nanoseconds(1.5e-8) == "15.00" and nanoseconds(-2.5e-10) == "\N{MINUS SIGN}0.25"
    assert grouped(205000) == "205,000"
