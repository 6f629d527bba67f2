"""A page whose names are hostile: the same elements, and the names as text."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from popbridge.cli.fuzz import READERS
from popbridge.cli.report import page
from popbridge.study.run.result import RunResult
from popbridge.text_file import parse_json

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "'\" onload=x",
        "{{ 7 * 7 }}",
        "</style>",
        "two\nlines",
        "\x1b[31m",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


class Elements(HTMLParser):
    """Tags with the names of their attributes, in order."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))


def elements(**names):
    """Those of a small run's page."""
    values = parse_json(SEED) | names
    return Elements(page(RunResult.from_dict(values), [])).found


(SEED,) = READERS["run"].seeds()
PLAIN = elements()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_names_add_no_elements(network, data, condition, word):
    found = elements(network=network, data=data, condition=condition, command=["popbridge", word])
    assert found == PLAIN
