from pathlib import Path

import pytest

from tidegate import SequenceTranslator
from tidegate.cli.tasks import translate
from tidegate.errors import DataError

X = ["eins zwei", "zwei tor", "tor", "tor eins"] * 6
Y = ["one two", "two gate", "gate", "gate one"] * 6


@pytest.fixture(scope="module")
def model():
    return SequenceTranslator(hidden_size=8, embedding=8, n_tokens=40, unit="words").fit(X, Y, epochs=2)


def test_an_answer_is_the_best_target_and_the_document_has_the_others(model):
    sources = ["eins zwei", "tor"]
    found = list(translate.answers(model, sources))
    assert [one.line for one in found] == model.predict(sources)
    document = found[0].document
    assert document["target"] == found[0].line
    others = document["alternatives"]
    assert others
    assert all(set(one) == {"target", "probability", "finished"} for one in others)
    assert 1 >= document["probability"] >= max(one["probability"] for one in others) > 0


def test_many_are_answered_several_at_a_time_in_their_order(model):
    sources = X * 3
    assert [one.line for one in translate.answers(model, sources)] == model.predict(sources)


def test_lists_of_tokens_are_told_with_blanks():
    listed = SequenceTranslator(hidden_size=4, embedding=4).fit([["a", "b"]] * 8, [["c", "d"]] * 8, epochs=40)
    (answer,) = translate.answers(listed, [["a", "b"]])
    assert answer.line == " ".join(answer.document["target"])


def test_two_files_have_a_comma_between(tmp_path):
    (tmp_path / "a.de").write_text("tor\neins\n")
    (tmp_path / "a.en").write_text("gate\none\n")
    assert translate.read(Path(f"{tmp_path}/a.de,{tmp_path}/a.en")) == (["tor", "eins"], ["gate", "one"])
    assert translate.sequences(Path(f"{tmp_path}/a.de,{tmp_path}/a.en")) == ["tor", "eins"]


def test_a_comma_in_the_name_of_a_file_parts_nothing(tmp_path):
    (tmp_path / "a,b.tsv").write_text("tor\tgate\n")
    assert translate.read(tmp_path / "a,b.tsv") == (["tor"], ["gate"])


@pytest.mark.parametrize("name", ["a,b,c", "a,", ",a"])
def test_neither_one_file_nor_two(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"are not two files\. Name the file of the sources and that of the"):
        translate.read(Path(name))


@pytest.mark.parametrize(("measure", "said"), [("bleu", ["5.0", "31.3"]), ("exact", ["5.0 %", "31.3 %"])])
def test_the_screen_shows_short_and_long_sources(measure, said):
    row = {"label": "1 to 4 words", "sequences": 1200, "score": 31.26, "simple_score": 5.0}
    made = translate.listing({"measure": measure, "lengths": [row]})
    assert made.rows == [["1 to 4 words", "1,200", *said]]
    assert made.columns[2:] == ("simple model", "translator")
