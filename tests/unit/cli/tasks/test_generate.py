import numpy as np
import pytest

from tidegate import SequenceGenerator
from tidegate.cli.tasks import generate
from tidegate.cli.tasks.generate import Writing
from tidegate.errors import DataError, SettingError

ONCE = Writing()
SETTINGS = {"hidden_size": 8, "embedding": 4, "dropout": 0.0}


@pytest.fixture(scope="module")
def model():
    return SequenceGenerator(**SETTINGS).fit(["ab", "ba"] * 20, epochs=2)


def said(model, one, writing=ONCE):
    (answer,) = generate.answers(model, [one], writing=writing)
    return answer


def test_an_answer_begins_with_the_line_and_has_its_bits(model):
    asked = Writing(count=3, seed=4, length=5)
    answer = said(model, "ab", asked)
    lines = answer.line.split("\n")
    wanted = model.write(3, prefix="ab", seed=4, length=5)
    assert lines == [one.sequence for one in wanted]
    assert all(line.startswith("ab") for line in lines)
    assert answer.document["prefix"] == "ab"
    assert [one["bits"] for one in answer.document["written"]] == [one.bits for one in wanted]


def test_an_empty_line_is_written_from_nothing(model):
    assert said(model, "").line == model.generate()[0]


def test_each_option_has_its_say(model):
    most = said(model, "a", Writing(temperature=0))
    assert said(model, "a", Writing(top_k=1)).line == said(model, "a", Writing(top_p=1e-9)).line == most.line
    assert len({said(model, "", Writing(seed=k)).line for k in range(8)}) > 1


@pytest.mark.parametrize(
    ("writing", "message"),
    [
        (Writing(count=0), "count is 0"),
        (Writing(length=0), "length is 0"),
        (Writing(temperature=-1.0), "temperature is -1.0"),
        (Writing(top_k=0), "top_k is 0"),
        (Writing(top_p=2.0), "top_p is 2.0"),
        (Writing(seed=-1), "seed is -1"),
        (Writing(condition="x"), "this model learned without labels"),
    ],
)
def test_options_outside_their_limits_are_refused(model, writing, message):
    with pytest.raises(SettingError, match=message):
        said(model, "a", writing)


def test_a_label_is_one_of_training():
    model = SequenceGenerator(**SETTINGS).fit(["ab", "ba"] * 20, [3, 4] * 20, epochs=2)
    assert said(model, "a", Writing(condition="4")).line == model.generate(prefix="a", condition=4)[0]
    with pytest.raises(SettingError, match="--condition is missing; it must be one of '3', '4'"):
        said(model, "a")
    with pytest.raises(SettingError, match="--condition is '5'"):
        said(model, "a", Writing(condition="5"))


def test_texts_with_line_breaks_end_with_dashes():
    model = SequenceGenerator(**SETTINGS).fit("a\nb\n" * 300, epochs=1)
    assert said(model, "a", Writing(count=2, length=3)).line.split("\n---")[2] == ""


def test_keys_are_words_and_go_on_from_words():
    steps = [np.tile(np.eye(3, dtype=np.int8), (4, 1))] * 20
    model = SequenceGenerator(**SETTINGS).fit(steps, epochs=2)
    answer = said(model, "0 1+2", Writing(length=2))
    assert answer.line.startswith("0 1+2 ")
    assert answer.document["written"][0]["keys"][:2] == [[0], [1, 2]]
    assert len(answer.document["written"][0]["keys"]) == 4
    assert said(model, steps[0][:2], Writing(length=2)).line.startswith("0 1 ")
    assert said(model, "", Writing(length=2)).line.count(" ") == 1
    with pytest.raises(DataError, match="step 1 is 'x'"):
        said(model, "x")


def test_a_file_is_one_text_or_many_or_texts_with_labels(tmp_path):
    (tmp_path / "a.tsv").write_text("sea\tit ebbs\nriver\tit runs\n")
    assert generate.read(tmp_path / "a.tsv").conditions.tolist() == ["sea", "river"]
    assert generate.sequences(tmp_path / "a.tsv") == ["it ebbs", "it runs"]
    with pytest.raises(SettingError, match=r"--by says what a sequence of a \.txt is"):
        generate.read(tmp_path / "a.tsv", by="line")


def test_the_screen_shows_both_models():
    row = {"model": "gru", "simple": "5-gram", "step": "word", "measure": "bits", "score": 3.0, "simple_score": 4.0}
    made = generate.listing(row | {"perplexity": 8.0, "simple_perplexity": 16.0})
    assert made.columns == ("model", "bits per word", "perplexity")
    assert made.rows == [["gru", "3.000", "8.0"], ["5-gram", "4.000", "16.0"]]
    assert generate.listing(row).rows[1] == ["5-gram", "4.000"]
