from tidegate.report import blocks


def test_a_section_drops_what_is_absent():
    made = blocks.section("a", "Title", [None, blocks.heading("x"), blocks.text([]), blocks.bullets(["", ""])])
    assert [block["kind"] for block in made["blocks"]] == ["heading"]
    assert made["short"] == "Title"
    assert blocks.section("a", "Title", [], short="T")["short"] == "T"


def test_text_and_bullets_keep_what_is_said():
    assert blocks.text(["a", "", "b"])["sentences"] == ["a", "b"]
    assert blocks.bullets(["a"]) == {"kind": "bullets", "sentences": ["a"]}
    assert blocks.note("look")["text"] == "look"


def test_a_bar_stays_inside_its_cell():
    assert [blocks.cell("", bar=x)["bar"] for x in (0.5, -1, 7, float("nan"))] == [50.0, 0.0, 100.0, None]


def test_a_grid_of_nothing_is_nothing():
    words = blocks.Words("title", "what it shows")
    one = blocks.figure("lines", {}, words, key=[("observed", "seen")])
    assert blocks.grid([None]) is None
    assert blocks.grid([None, one])["figures"] == [one]
    assert one["alt"] == "what it shows"
    assert one["key"] == [["observed", "seen"]]


def test_table_and_facts():
    made = blocks.table([blocks.column("a", numeric="yes")], [[blocks.cell("1")]], caption="c", folded="more")
    assert made["columns"] == [{"title": "a", "numeric": True}]
    assert made["folded"] == "more"
    assert blocks.facts([("a", "b")])["pairs"] == [["a", "b"]]


def test_p_values_have_one_form():
    said = [blocks.p_value(p)["text"] for p in (0.0341, 1e-9, 1.0, float("nan"))]
    assert said == ["0.034", "< 0.001", "1", "\N{EN DASH}"]


def test_what_is_folded_drops_what_is_absent():
    made = blocks.folded("More", [None, blocks.note("look")])
    assert (made["kind"], made["title"]) == ("folded", "More")
    assert [block["text"] for block in made["blocks"]] == ["look"]
