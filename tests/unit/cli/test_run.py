import json
from dataclasses import replace

import numpy as np
import pytest

from tidegate import AnomalyDetector, SequenceClassifier
from tidegate.cli import run
from tidegate.cli.tasks import classify, generate, tag
from tidegate.errors import DataError, SettingError


@pytest.fixture(scope="module")
def model():
    settings = {"hidden_size": 4, "embedding": 4, "n_pieces": 10}
    return SequenceClassifier(**settings).fit(["a b", "c d"] * 8, [1, 2] * 8, epochs=1)


def test_answers_stand_beside_the_questions(model):
    told = list(run._told(model, classify, ["a", None, "c", None], whole=False))
    assert [bool(line) for line in told] == [True, False, True, False]
    assert int(told[0].split("\t")[0]) in {1, 2}


def test_nothing_but_empty_lines_asks_nothing(model):
    assert list(run._told(model, classify, [None, None], whole=True)) == ["", ""]


def test_a_document_on_request(model):
    found = json.loads(next(run._told(model, classify, ["a"], whole=True)))
    assert found == next(classify.answers(model, ["a"])).document


def test_a_long_file_is_read_several_at_a_time(tmp_path):
    (tmp_path / "many.txt").write_text("line\n" * 2_500)
    assert [len(part) for part in run._parts(str(tmp_path / "many.txt"), classify)] == [1_024, 1_024, 452]


@pytest.mark.parametrize("name", ["a.txt", "A.TXT"])
def test_every_line_of_plain_text_has_an_answer(tmp_path, name):
    (tmp_path / name).write_text("one\n\ntwo two\n")
    assert list(run._parts(str(tmp_path / name), classify)) == [["one", None, "two two"]]
    assert list(run._parts(str(tmp_path / name), tag)) == [[["one"], None, ["two", "two"]]]


def test_other_files_are_read_as_their_task_does(tmp_path):
    (tmp_path / "a.csv").write_text("label,text\n,one\n")
    assert list(run._parts(str(tmp_path / "a.csv"), classify)) == [["one"]]
    (tmp_path / "a.conll").write_text("one O\ntwo O\n")
    assert list(run._parts(str(tmp_path / "a.conll"), tag)) == [[["one", "two"]]]


def test_columns_of_a_long_table_are_handed_on_and_refused_for_lines(tmp_path, model):
    (tmp_path / "a.csv").write_text("who,x\nn1,3\n")
    (part,) = run._parts(str(tmp_path / "a.csv"), classify, {"id": "who"})
    assert part[0].id == "n1"
    model.save(tmp_path / "model")
    with pytest.raises(SettingError, match=r"--id names a column of a long \.csv; leave it out for lines of text"):
        run.run(run.Request(tmp_path / "model", run.Writing(), "-", id="who"))


def test_lines_come_one_by_one():
    assert list(run._lines(iter([b"\xef\xbb\xbfone two\r\n", b" ", b"two"]), tag)) == [
        [["one", "two"]], [None], [["two"]]
    ]  # fmt: skip


def test_a_line_that_is_no_text_is_named():
    lines = run._lines(iter([b"one\n", "f\u00fcnf\n".encode("latin-1")]), classify)
    assert next(lines) == ["one"]
    with pytest.raises(DataError, match=r"line 2 of standard input is not UTF-8: .* at byte 1. Save it as UTF-8 text"):
        next(lines)


def test_an_empty_line_is_something_to_go_on_from_where_the_task_says_so():
    assert list(run._lines(iter([b"one\n", b"\n", b" "]), generate)) == [["one"], [""], [""]]


def test_a_detector_prints_its_alarms(tmp_path, capsys):
    detector = AnomalyDetector(hidden_size=4, window=8, false_alarms=0.01)
    detector.fit(np.sin(np.arange(300.0))[:, None], epochs=1).save(tmp_path / "model")
    values = np.sin(np.arange(200.0))
    values[100:103] += 9
    (tmp_path / "new.csv").write_text("\n".join(["flow", *map(str, values)]))
    asked = run.Request(tmp_path / "model", run.Writing(), str(tmp_path / "new.csv"))
    assert run.run(asked) == 0
    starts = [int(line.split("\t")[0]) for line in capsys.readouterr().out.splitlines()]
    assert any(95 < start <= 100 for start in starts)
    run.run(replace(asked, json=True))
    assert [int(json.loads(line)["start"]) for line in capsys.readouterr().out.splitlines()] == starts
    for wrong, said in (({"file": "-"}, "name a file of them"), ({"label": "x"}, "takes --id and --time alone")):
        with pytest.raises(SettingError, match=said):
            run.run(replace(asked, **wrong))
