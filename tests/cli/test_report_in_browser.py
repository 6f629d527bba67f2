"""The report's page in a real browser: nothing too wide on a phone, no complaint, readable text."""

import json
import re
import shutil
import subprocess

import pytest
from support.runs import with_confusion

PHONE_PX, DESK_PX, PAPER_PX = 360, 1200, 717
"""Widths; A4 within the margins that Chromium prints with has 717."""
DRAWN_PX = 720
"""Width of a drawing: about that of the widest figures of popbridge, 183 mm."""
READABLE = 4.5
"""Least contrast of text, WCAG 2.2 success criterion 1.4.3."""
HEADLESS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom",
)  # fmt: skip
# Pages stand in frames of a given width, since a window cannot be made as narrow as a phone. The
# frame's own page is unchanged; the page around it looks in.
FRAMES = """<!DOCTYPE html><pre>not measured</pre><script>
const frames = %s.map(([width, page]) => {
  const frame = document.createElement("iframe");
  frame.style.width = width + "px"; frame.style.height = "600px"; frame.style.border = "0";
  frame.srcdoc = page;
  document.body.append(frame);
  return frame;
});
function channels(colour) {
  const numbers = colour.match(/-?[\\d.]+(e-?\\d+)?/g).map(Number);
  const scale = colour.startsWith("rgb") ? 255 : 1;
  return {rgb: numbers.slice(0, 3).map(x => x / scale), alpha: numbers[3] ?? 1};
}
function luminance(rgb) {
  const [r, g, b] = rgb.map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(element) {
  const look = getComputedStyle(element);
  let under = element;
  while (under && channels(getComputedStyle(under).backgroundColor).alpha < 1)
    under = under.parentElement;
  const behind = channels(getComputedStyle(under).backgroundColor).rgb;
  const [low, high] = [behind, channels(look.color).rgb].map(luminance).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
function measured(frame) {
  const inner = frame.contentDocument;
  const texts = [...inner.querySelectorAll("body *")].filter(element =>
    !element.closest("svg") && [...element.childNodes].some(node =>
      node.nodeType === 3 && node.data.trim()));
  return {
    width: frame.contentWindow.innerWidth,
    needed: inner.documentElement.scrollWidth,
    texts: texts.length,
    contrast: Math.min(...texts.map(contrast)),
    background: getComputedStyle(inner.body).backgroundColor,
    drawings: [...inner.querySelectorAll(".drawing > svg[viewBox]")].map(
      drawing => drawing.getBoundingClientRect().width),
  };
}
addEventListener("load", () => {
  document.querySelector("pre").textContent = JSON.stringify(frames.map(measured));
});
</script>"""


@pytest.fixture
def chromium(tmp_path):
    """Runs Chromium on a page; its document afterwards, and what the console said."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")

    def look(text, *flags):
        (tmp_path / "shown.html").write_text(text)
        words = [program, *HEADLESS, f"--user-data-dir={tmp_path / 'profile'}", *flags]
        done = subprocess.run(
            [*words, (tmp_path / "shown.html").as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        shutil.rmtree(tmp_path / "profile", ignore_errors=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return look


@pytest.fixture
def measure(chromium):
    def of(pages, *flags):
        # Not as it is: the pages' own end tags would end the script.
        text = FRAMES % json.dumps(pages).replace("<", "\\u003c")
        document, _ = chromium(text, *flags)
        return json.loads(re.search(r"<pre>(.*?)</pre>", document, re.DOTALL)[1])

    return of


@pytest.fixture
def full_page(labelled_run, make_page, tmp_path):
    """A page with everything: margins too short, ten classes, long words, a wide drawing."""
    with_confusion(labelled_run, [[abs(i * j - 9) for i in range(10)] for j in range(10)])
    labelled_run["network"] = "n" * 80
    labelled_run["command"] += ["--data", "folder/" * 30]
    (tmp_path / "figures").mkdir()
    wide = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><path d="M0 0H9"/></svg>'
    )
    (tmp_path / "figures" / "wide.svg").write_text(wide)
    (tmp_path / "figures" / "page.svg").write_text(
        wide.replace(" height", f' viewBox="0 0 {DRAWN_PX} 90" height').replace(
            "900", f"{DRAWN_PX}"
        )
    )
    return make_page(labelled_run, "--figures", "figures")


TOO_WIDE = (
    "<!DOCTYPE html><body style='background: #fff; color: #888'><div style='width: 500px'>a</div>"
)


def test_fits_phone_and_paper_and_is_readable_light_and_dark(full_page, measure):
    printed = full_page.replace("@media print", "@media all")
    pages = [[PHONE_PX, full_page], [DESK_PX, full_page], [PAPER_PX, printed]]
    pages.append([PHONE_PX, TOO_WIDE])
    backgrounds = set()
    for scheme in ("1", "0"):  # light, dark
        *shown, control = measure(pages, f"--blink-settings=preferredColorScheme={scheme}")
        assert [frame["width"] for frame in shown] == [PHONE_PX, DESK_PX, PAPER_PX]
        for frame in shown:
            assert frame["needed"] == frame["width"]
            assert frame["texts"] > 300 and frame["contrast"] >= READABLE
        # Whole on a desk, shrunk on paper; on a phone it would be too small to read.
        (phone,), (desk,), (paper,) = (frame["drawings"] for frame in shown)
        assert phone == desk == DRAWN_PX and 0.9 * PAPER_PX < paper < PAPER_PX
        backgrounds.add(shown[0]["background"])
        # What is too wide or too pale is seen; #888 on white has (1.05 / 0.2962) = 3.54.
        assert control["needed"] >= 500 and control["contrast"] == pytest.approx(3.54, abs=0.01)
    assert len(backgrounds) == 2  # the second look was at another scheme


def test_the_console_is_silent_and_nothing_may_be_loaded(full_page, chromium):
    document, complaints = chromium(full_page)
    assert complaints == [] and document.count("<table") == full_page.count("<table")
    loads = full_page.replace("</main>", '<img src="missing.png"><script>1</script></main>')
    _, complaints = chromium(loads)
    assert len(complaints) == 2
    assert all("Content Security Policy" in complaint for complaint in complaints)
