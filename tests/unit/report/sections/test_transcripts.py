from types import SimpleNamespace

import numpy as np
import pytest

from tidegate.report.charts.drawing import draw
from tidegate.report.sections import transcripts
from tidegate.tasks.transcription.heard import Heard, Spikes
from tidegate.tasks.transcription.judging import Judgement
from tidegate.tasks.transcription.trial import Example


def trial(right=(), wrong=(), *, rate=8_000, wanted=("ab", "a c"), said=("ab", "cc")):
    sides = [[list(one) for one in side] for side in (wanted, said, wanted)]
    return SimpleNamespace(
        model=SimpleNamespace(rate=rate),
        judgement=Judgement("the gru network", "a support vector machine on pooled frames", *sides),
        right=list(right),
        wrong=list(wrong),
    )


def example(wanted, said, n_frames=10, number=3):
    likely = np.full((n_frames // 2, 6), 0.01)
    likely[:, 0] = 0.96
    likely[1, :3] = [0.1, 0.9, 0.0]
    likely[3, :3] = [0.5, 0.04, 0.46]  # said by the best transcript, though at no step more probable than nothing new
    spikes = Spikes(np.array(["", "a", " ", "b", "c", "x"]), np.arange(n_frames // 2) * 0.02, likely)
    frames = np.linspace(-80, 0, n_frames)[:, None] * np.ones(40)
    spans = np.array([[0.02, 0.04], [0.04, 0.08], [0.08, 0.1]])[: len(said)]
    return Example(number, wanted, "ab", Heard(said, np.log(0.5), spans), spikes, frames)


def test_mistakes_stand_beside_those_of_the_simple_model_and_by_token():
    made = transcripts.section(trial())
    mistakes, by_token, _, taken = made["blocks"]
    assert [cell["text"] for cell in mistakes["rows"][0]] == ["The gru network", "40.0 %", "1", "1", "0"]
    assert [cell["text"] for cell in mistakes["rows"][1]] == ["The simple model", "0.0 %", "0", "0", "0"]
    assert mistakes["caption"].endswith("the simple model is a support vector machine on pooled frames")
    assert [row[0]["text"] for row in by_token["rows"]] == ["space", "a", "b", "c"]
    assert not by_token["folded"]
    assert [column["title"] for column in taken["columns"]] == ["It is", "said space", "said a", "said b", "said c"]


def test_scores_of_many_tokens_are_folded_and_the_commonest_mistakes_listed():
    many = "abcdefghijklmnopqrstuvwxyz"
    _, by_token, _, taken = transcripts.section(trial(wanted=[many], said=[many.replace("q", "k")]))["blocks"]
    assert by_token["folded"] == "The same for each token"
    assert taken["sentences"] == ["1 of 1 that are q were taken for k."]
    *_, none = transcripts.section(trial(wanted=[many], said=[many]))["blocks"]
    assert none["sentences"] == ["No token was heard as another."]


@pytest.mark.parametrize(
    ("wanted", "said", "parts"),
    [
        ("abc", "abc", [["abc", "abc"]]),
        ("abc", "axc", [["a", "a"], ["b", "x"], ["c", "c"]]),
        ("a b", "ab", [["a", "a"], ["space", ""], ["b", "b"]]),
        ("ab", "abc", [["ab", "ab"], ["", "c"]]),
        ("", "", []),
    ],
)
def test_what_was_missed_added_or_taken_for_another_is_marked(wanted, said, parts):
    side = {"right" if wanted == said else "wrong": [example(wanted, said)]}
    made = next(one for one in transcripts.examples(trial(**side))["blocks"] if one["kind"] == "transcript")
    assert made["parts"] == parts
    other = "the simple model says the same" if said == "ab" else "the simple model says 'ab'"
    assert made["title"] == f"Sequence 3 (50.0 % sure; {other})"


def test_spikes_are_drawn_over_the_spectrogram():
    made = transcripts.examples(trial([example("a ", "a ")]))
    figure = next(one for one in made["blocks"] if one["kind"] == "figure")
    assert figure["alt"] == "Heard: a at 0.02 s, space at 0.06 s."
    data = figure["data"]
    assert [line["name"] for line in data["lines"]] == ["a", "space"]
    assert data["peaks"] == [[0.02, "a"], [0.06, "space"]]
    assert data["x"]["domain"] == [0, pytest.approx(0.1)]
    shades = data["shades"]
    assert len(shades["start"]) == 10
    assert {len(column) for column in shades["value"]} == {20}
    assert shades["value"][0][0] == 0
    assert shades["value"][-1][0] == 1
    assert draw(figure).to_dict()["layer"]


def test_a_long_one_is_drawn_from_its_beginning_and_thinned():
    made = transcripts.examples(trial([example("a ", "a ", n_frames=1_000)]))
    figure = next(one for one in made["blocks"] if one["kind"] == "figure")
    assert figure["caption"].endswith("Its first 400 of 1,000 frames.")
    assert len(figure["data"]["shades"]["start"]) == 200
    assert max(figure["data"]["lines"][0]["x"]) < figure["data"]["x"]["domain"][1] == pytest.approx(4)


def test_other_sequences_count_steps_and_scale_each_channel():
    one = example("a ", "a ")
    one.frames[:, 0] = np.linspace(5, 6, 10)
    made = transcripts.examples(trial([one._replace(frames=one.frames[:, :2])], rate=None))
    data = next(block for block in made["blocks"] if block["kind"] == "figure")["data"]
    assert data["x"]["title"] == "Step"
    assert [column[0] for column in data["shades"]["value"]] == [column[1] for column in data["shades"]["value"]]
    assert "channels: the darker, the more" in made["lead"]
    figure = next(block for block in made["blocks"] if block["kind"] == "figure")
    assert figure["alt"].startswith("Heard: a at step ")
    assert "." not in figure["alt"].removesuffix(".")


def test_every_mistake_is_drawn_but_only_the_first_that_is_right():
    right, wrong = [example("ab", "ab")] * 2, [example("ab", "b")] * 2
    kinds = [one["kind"] for one in transcripts.examples(trial(right, wrong))["blocks"]]
    assert kinds == [
        "heading", "transcript", "figure", "transcript", "heading", "transcript", "figure", "transcript", "figure"
    ]  # fmt: skip


def test_an_empty_side_is_said():
    said = [one["sentences"] for one in transcripts.examples(trial())["blocks"] if one["kind"] == "text"]
    assert said == [["None: every test sequence has a mistake."], ["None: every test sequence was right."]]
