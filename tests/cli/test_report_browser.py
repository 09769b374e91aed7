"""The report in a real browser: it draws everything, asks for nothing, and fits a phone as well as a screen."""

import json
import os
import re
import shutil
import subprocess
import unicodedata
import zlib
from pathlib import Path

import pytest

WIDTHS = [390, 1440]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FRAME = """<!doctype html><html><body style="margin: 0"><iframe id="report" src="{source}"
style="border: 0; width: {width}px; height: 1000px"></iframe><pre id="found"></pre><script>
const frame = document.getElementById("report");
const look = () => {{
  const page = frame.contentDocument;
  if (!page.documentElement.dataset.charts) {{ setTimeout(look, 50); return; }}
  const folded = [...page.querySelectorAll("details")].filter((one) => one.querySelector(".chart"));
  const closed = folded.filter((one) => !one.open).length;
  folded.forEach((one) => {{ one.open = true; }});
  const texts = [...page.querySelectorAll(".chart svg text")].filter((one) => one.textContent.trim());
  const sizes = texts.map((one) => parseFloat(frame.contentWindow.getComputedStyle(one).fontSize));
  const wide = [...page.querySelectorAll(".chart svg")].filter(
    (one) => one.getBoundingClientRect().right > {width} + 0.5);
  const plain = [...page.querySelectorAll("main > section:not(.verdict) > p:not([class])")];
  document.getElementById("found").textContent = JSON.stringify({{
    paragraphs: plain.length,
    sizes: [...new Set(plain.map((one) => frame.contentWindow.getComputedStyle(one).fontSize))],
    widest: Math.max(...plain.map((one) => one.getBoundingClientRect().width)),
    charts: Number(page.documentElement.dataset.charts),
    drawn: page.querySelectorAll(".chart svg").length,
    width: page.documentElement.scrollWidth,
    smallest: Math.min(...sizes),
    cut: wide.length,
    folded: folded.length,
    closed: closed,
    narrowest: Math.min(...[...page.querySelectorAll(".chart svg")].map((one) => one.getBoundingClientRect().width)),
    asked: frame.contentWindow.performance.getEntriesByType("resource").length,
  }});
}};
frame.addEventListener("load", look);
</script></body></html>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module", params=["forecast", "inspect"])
def report(request, tmp_path_factory):
    """The report of a panel with a name that tries to break out of it, and the page of a network fitted to it."""
    from typer.testing import CliRunner

    from tidegate.cli.main import app

    folder = tmp_path_factory.mktemp("browser")
    lines = ["series,month,sold"]
    for shop in ("north", "<b>south</b>"):
        for k in range(60):
            value = 100 + k + 20 * ((k % 12) > 6) + (k * 7919 + len(shop)) % 11
            lines.append(f"{shop},{2015 + k // 12}-{k % 12 + 1:02}-01,{value}")
    (folder / "sales.csv").write_text("\n".join(lines) + "\n")
    data, out = str(folder / "sales.csv"), ["--quiet", "--output", str(folder / "out")]
    lines = [["forecast", data, "--horizon", "6", "--models", "naive,drift,historic-mean,lstm", "--folds", "3", *out]]
    lines[0] += ["--set", "lstm.training.n_updates=20", "--set", "lstm.n_members=1"]
    if request.param == "inspect":
        saved = str(folder / "saved")
        lines = [
            ["fit", data, "--horizon", "6", "--model", "lstm", "--set", "training.n_updates=20", "--output", saved]
        ]
        lines.append(["inspect", saved, "--series", "<b>south</b>", *out])
    for line in lines:
        done = CliRunner().invoke(app, line)
        assert done.exit_code == 0, done.output
    return folder / "out" / "report.html"


def browse(page, width, *wanted):
    """Open a page and return what the browser printed and what it complained of."""
    flags = ["--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr"]
    flags += ["--virtual-time-budget=30000", f"--window-size={width},1600", "--allow-file-access-from-files"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [CHROMIUM, *flags, profile, *wanted, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


def console(done):
    """Return the lines that pages wrote to the console, errors of blocked requests among them."""
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module", params=WIDTHS)
def seen(request, report, tmp_path_factory):
    """What the page is like inside a frame of a given width (windows themselves cannot be that narrow)."""
    width = request.param
    frame = tmp_path_factory.mktemp("frame") / "frame.html"
    frame.write_text(FRAME.format(source=report.as_uri(), width=width))
    done = browse(frame, max(width, 800), "--dump-dom")
    found = re.search(r'<pre id="found">(\{.*?\})</pre>', done.stdout)
    assert found, done.stderr
    return {"asked_for": width, "console": console(done), **json.loads(found[1])}


def test_no_complaint_on_the_console(seen):
    assert seen["console"] == []


def test_every_chart_is_drawn(seen):
    assert seen["charts"] == seen["drawn"] > 10


def test_nothing_runs_over_the_side(seen):
    assert seen["width"] <= seen["asked_for"]
    assert seen["cut"] == 0


def test_what_is_folded_is_drawn_as_wide_as_the_rest(seen, report):
    is_forecast = 'id="seal"' in report.read_text("utf-8")
    assert seen["folded"] == seen["closed"] == (1 if is_forecast else 0)
    assert seen["narrowest"] > 0.6 * min(seen["asked_for"], 400)


def test_letters_in_charts_are_readable(seen):
    assert seen["smallest"] >= 12


def test_paragraphs_are_as_large_as_the_page_says_and_no_longer_than_one_reads(seen):
    assert seen["paragraphs"] > 3
    assert seen["sizes"] == ["16px"]
    assert seen["widest"] <= 46 * 16


def test_no_request_leaves_the_file(seen):
    assert seen["asked"] == 0


def test_a_request_would_be_noticed(report, tmp_path):
    planted = tmp_path / "planted.html"
    text = report.read_text("utf-8")
    planted.write_text(text.replace("</body>", '<img src="https://example.org/pixel.png"></body>'), "utf-8")
    assert any("Content Security Policy" in line for line in console(browse(planted, 800, "--dump-dom")))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_screenshot_is_not_blank(report, tmp_path, width):
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title>")
    pictures = [tmp_path / "blank.png", tmp_path / "report.png"]
    for page, picture in zip([blank, report], pictures, strict=True):
        browse(page, width, f"--screenshot={picture}")
    blank_size, size = (Path(picture).stat().st_size for picture in pictures)
    assert size > 50_000
    assert size > 10 * blank_size


CONTRAST = """<script>
const light = (colour) => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
  const [r, g, b] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(colour)) { return colour; }
  }
  return "rgb(255, 255, 255)";
};
const judge = () => {
  if (!document.documentElement.dataset.charts) { setTimeout(judge, 50); return; }
  const own = (one) => [...one.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim());
  const texts = [...document.querySelectorAll("body *:not(svg *):not(script):not(style):not(pre#found)")].filter(own);
  const ratios = texts.filter((one) => one.getClientRects().length).map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), one.tagName + " " + one.className + ": " + one.textContent.trim().slice(0, 40)];
  }).sort((x, y) => x[0] - y[0]);
  const told = document.createElement("pre");
  told.id = "found";
  told.textContent = JSON.stringify({
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    ground: light(getComputedStyle(document.body).backgroundColor),
    texts: ratios.length,
    faintest: ratios[0],
  });
  document.body.append(told);
};
addEventListener("load", judge);
</script></body>"""


def judged(report, folder, change=""):
    """Return how readable the report is in the dark, after a change of its style."""
    page = folder / "dark.html"
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", report.read_text("utf-8"))
    before, _, after = text.rpartition("</body>")
    page.write_text(f"{before}<style>{change}</style>{CONTRAST}{after}", "utf-8")
    done = browse(page, 1280, "--force-dark-mode", "--dump-dom")
    found = re.search(r'<pre id="found">(\{.*?\})</pre>', done.stdout)
    assert found, done.stderr
    return json.loads(found[1])


def test_text_is_readable_in_the_dark(report, tmp_path):
    found = judged(report, tmp_path)
    assert found["dark"]
    assert found["ground"] < 0.05
    assert found["texts"] > 50
    assert found["faintest"][0] >= 4.5, found["faintest"]


def test_text_that_is_too_faint_in_the_dark_would_be_noticed(report, tmp_path):
    found = judged(report, tmp_path, "p, li, td { color: #333 !important; }")
    assert found["faintest"][0] < 4.5


LETTER = re.compile(r"<(\w+)>\s*<(\w+)>")
RANGE = re.compile(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>")
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<(\w+)>")


def pages(data):
    """Return the text of each page of a PDF that Chromium printed, without white space, by the fonts' tables."""
    objects = {int(n): body for n, body in re.findall(rb"(?s)(\d+) 0 obj\s*(.*?)\s*endobj", data)}
    fonts = {}
    for body in objects.values():
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", body):
            table = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
            if table:
                fonts[name] = letters(stream(objects[int(table[1])]).decode("latin-1"))
    found = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return [text_of(stream(objects[int(re.search(rb"/Contents (\d+) 0 R", one)[1])]), fonts) for one in found]


def stream(body):
    raw = re.search(rb"(?s)stream\r?\n(.*?)\nendstream", body)[1]  # a last byte of \r may be of the data
    return zlib.decompressobj().decompress(raw) if b"/FlateDecode" in body.split(b"stream")[0] else raw


def letters(table):
    """Return what each glyph stands for."""
    found = {}
    for block in re.findall(r"(?s)beginbfchar(.*?)endbfchar", table):
        found |= {int(glyph, 16): bytes.fromhex(text).decode("utf-16-be") for glyph, text in LETTER.findall(block)}
    for block in re.findall(r"(?s)beginbfrange(.*?)endbfrange", table):
        for first, last, text in RANGE.findall(block):
            found |= {k: chr(int(text, 16) + k - int(first, 16)) for k in range(int(first, 16), int(last, 16) + 1)}
    return found


def text_of(content, fonts):
    font, said = {}, []
    for name, glyphs in (found.groups() for found in SHOWN.finditer(content)):
        if name:
            font = fonts.get(name, {})
        else:
            said += [font.get(int(glyphs[k : k + 4], 16), "?") for k in range(0, len(glyphs), 4)]
    return "".join("".join(said).split())


def test_the_printed_report_holds_the_verdict(report, tmp_path):
    printed = tmp_path / "report.pdf"
    browse(report, 1280, "--force-dark-mode", f"--print-to-pdf={printed}")
    found = pages(printed.read_bytes())
    assert 2 <= len(found) < 40
    folder = report.parent
    if (folder / "verdict.json").exists():
        said = json.loads((folder / "verdict.json").read_text("utf-8"))["headline"]
    else:
        said = json.loads((folder / "insight.json").read_text("utf-8"))["networks"][0]["sentences"][0]
    assert "".join(said.split()) in unicodedata.normalize("NFKC", found[0])
