import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from tidegate.insight.glimpse import Glimpse
from tidegate.report.page import library, render, specification
from tidegate.report.summary import summarise

NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "http://www.w3.org/2000/xmlns/"}


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def page(one, facts):
    return render(summarise(one, facts(one)))


@pytest.fixture(scope="module")
def hostile_page(many, facts):
    return render(summarise(many, {**facts(many), "name": "<img src=x onerror=alert(1)>", "command": "a && b < c"}))


def test_no_address_but_the_names_of_namespaces(page):
    assert set(re.findall(r"https?://[^\s\"'`)\\<>]+", page)) <= NAMESPACES


def test_nothing_is_fetched(page):
    for tag, attributes in Tags(page).found:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base")
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")


def test_the_page_forbids_itself_to_fetch(page):
    policy = next(a["content"] for tag, a in Tags(page).found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy


def test_every_chart_has_words_and_data(page):
    tags = Tags(page).found
    charts = [a for _, a in tags if "chart" in a.get("class", "").split()]
    assert len(charts) > 15
    assert all(a["role"] == "img" and len(a["aria-label"]) > 10 for a in charts)
    data = {a["id"] for tag, a in tags if tag == "script" and a.get("type") == "application/json"}
    assert data == {f"{a['id']}-data" for a in charts}


def nodes(tree):
    """Yield every dictionary inside a tree."""
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []:
        yield from nodes(child)


def figures(summary):
    return [node for node in nodes(summary["sections"]) if node.get("kind") == "figure"]


def test_every_axis_has_a_title_with_its_unit(one, many, facts):
    for figure in figures(summarise(one, facts(one))) + figures(summarise(many, facts(many))):
        encodings = [node["encoding"] for node in nodes(specification(figure)) if "encoding" in node]
        for name, axis in ((name, code[name]) for code in encodings for name in ("x", "y") if name in code):
            title = axis["axis"]["title"]
            models = figure["drawing"] in ("ladder", "intervals") and (name, title) == ("y", None)
            assert models or "(" in title or title.startswith("Number of"), (figure["title"], name, title)


def test_figures_inside_what_is_folded_are_printed_in_their_order(one, facts, inside):
    look = Glimpse("lstm", "lstm has the lowest error.", inside)
    text = render(summarise(one, facts(one), look))
    body, drawn = text[: text.index("<footer>")], text[text.index("<footer>") :]
    fold = body[body.index('<details class="folded">') :]
    charts = re.findall(r'id="(chart-\d+)"', body)
    assert charts == re.findall(r'id="(chart-\d+)-data"', drawn)
    place = re.search(r"<h3>Forget gate</h3>.*?id=\"(chart-\d+)\"", fold, re.DOTALL)[1]
    assert '"forget gate"' in re.search(rf'id="{place}-data">(.*?)</script>', drawn, re.DOTALL)[1]


def test_names_of_users_cannot_break_out(hostile_page):
    assert "<script>alert" not in hostile_page
    assert "onerror=alert(1)>" not in hostile_page.replace("&gt;", "")
    assert "no <b>luck" not in hostile_page
    assert "a &amp;&amp; b &lt; c" in hostile_page
    scripts = [a for tag, a in Tags(hostile_page).found if tag == "script"]
    assert len([a for a in scripts if a.get("type") != "application/json"]) == 2


def test_the_data_of_charts_reads_back(hostile_page):
    for text in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', hostile_page, re.DOTALL):
        assert "datasets" in json.loads(text)


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in Tags(page).found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_links_inside_the_page_arrive(page):
    tags = Tags(page).found
    names = {a["id"] for _, a in tags if "id" in a}
    assert {a["href"][1:] for tag, a in tags if tag == "a"} <= names


def test_the_page_is_light(page):
    assert len(page.encode()) < 2_500_000


def test_the_library_can_stand_in_a_page():
    assert "</script" not in library()
    assert "<!--" not in library()


def test_seed_versions_fingerprint_ranges_and_command_are_at_the_end(page, one, facts):
    end = page[page.index('id="reproduce"') :]
    run = facts(one)
    assert run["command"] in end
    assert run["fingerprint"] in end
    assert run["versions"]["numpy"] in end
    assert "<dt>Seed</dt><dd>7</dd>" in end
    assert "Jan 2010 to Dec 2014" in end
