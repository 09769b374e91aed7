from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import examples
from tidegate.tasks.inspection import Inspection
from tidegate.tasks.trials.classifier import Example


def example(steps, contributions, *, wanted="x", said="y", number=1):
    return Example(number, wanted, 0.75, Inspection(steps, said, np.array(contributions, dtype=float), ()))


def section(*wrong):
    return examples.section(SimpleNamespace(right=[], wrong=list(wrong)))["blocks"]


def test_a_wrong_one_says_what_it_is():
    shown = section(example(["not", "bad"], [-0.2, np.log(4)], wanted="good", said="bad", number=4))[-1]
    assert shown["title"] == "Sequence 4. Said bad (75.0 %); it is good. Hiding a word divides the odds by up to 4.0"
    assert shown["words"] == [["not", 0.0], ["bad", 1.0]]


def test_where_no_word_mattered_nothing_is_said():
    shown = section(example(["not", "bad"], [-0.2, 0.0], wanted="bad", said="bad", number=4))[-1]
    assert shown["title"] == "Sequence 4. Said bad (75.0 %)"
    still = section(example(np.ones((8, 1)), -np.arange(8.0)))[-1]
    assert still["figures"][1]["alt"] == "No step mattered by itself."


def test_nothing_wrong_is_said():
    assert section()[-1]["sentences"] == ["None: every test sequence was right."]


def test_recordings_show_what_mattered_below_them():
    first, second = section(example(np.ones((8, 1)), np.arange(8.0)))[-1]["figures"]
    assert first["alt"].endswith("What mattered most is around step 7.")
    assert second["data"]["lines"][0]["y"] == list(range(8))


def test_the_first_alone_shows_its_gates(looked):
    made = section(*(Example(k, "x", 0.75, looked(["a", "b"])) for k in range(3)))
    assert [block["kind"] for block in made] == ["heading", "heading", "tokens", "folded", "tokens", "tokens"]


def test_films_show_some_frames_at_their_steps():
    frames = np.zeros((11, 4, 6))
    frames[0, 0, 5] = 2.0
    first, second = section(example(frames, np.arange(11.0)))[-1]["figures"]
    data = first["data"]
    assert first["caption"] == "6 of 11 frames, each at its step; dark is a high value."
    assert len(data["value"]) == 6 * 4 * 6
    (dark,) = np.flatnonzero(data["value"])
    assert (data["value"][dark], data["row"][dark]) == (1.0, 3)
    assert 0 < data["start"][dark] < data["stop"][dark] <= 2.0
    assert sorted({int(np.floor(start + 1e-6)) for start in data["start"][::24]}) == [0, 2, 4, 6, 8, 10]
    assert len(second["data"]["lines"][0]["y"]) == 11


def test_a_film_of_one_frame_and_nothing_in_it():
    (first, _) = section(example(np.zeros((1, 2, 2)), [0.0]))[-1]["figures"]
    assert first["data"]["value"] == [0.0] * 4
    assert first["caption"] == "Its frames; dark is a high value."


def test_large_frames_are_thinned_out():
    (first, _) = section(example(np.zeros((2, 70, 40)), [0.0, 1.0]))[-1]["figures"]
    assert len(first["data"]["value"]) == 2 * 24 * 14
    assert first["caption"] == "Its frames, every 3 rows and columns; dark is a high value."


def test_long_recordings_say_that_stretches_were_hidden():
    (_, short), (_, long) = (section(example(np.ones((n, 1)), np.arange(float(n))))[-1]["figures"] for n in (60, 150))
    assert short["caption"].startswith("Fall of the log-odds once the step is hidden;")
    assert long["caption"].startswith("Fall of the log-odds once the stretch around it, of up to 3 steps, is hidden;")
    assert long["data"]["zero"]
