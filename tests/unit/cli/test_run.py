import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tidegate import AnomalyDetector, SequenceClassifier
from tidegate.cli import run
from tidegate.cli.tasks import classify, generate, tag
from tidegate.cli.tasks.generate import Writing
from tidegate.errors import DataError, SettingError
from tidegate.tasks.places import Origin


@pytest.fixture(scope="module")
def model():
    settings = {"hidden_size": 4, "embedding": 4, "n_pieces": 10}
    return SequenceClassifier(**settings).fit(["a b", "c d"] * 8, [1, 2] * 8, epochs=1)


def asked(*sequences):
    return [run.Asked(Origin("a.txt", lambda: [7, 8, 9]), k, one) for k, one in enumerate(sequences)]


def sequences(parts):
    return [[one.sequence for one in part] for part in parts]


def test_answers_stand_beside_the_questions(model):
    told = [said.line for said in run._told(model, classify, asked("a", None, "c", None), whole=False)]
    assert [bool(line) for line in told] == [True, False, True, False]
    assert int(told[0].split("\t")[0]) in {1, 2}


def test_nothing_but_empty_lines_asks_nothing(model):
    assert list(run._told(model, classify, asked(None, None), whole=True)) == [("", None)] * 2


def test_a_document_on_request(model):
    found = json.loads(next(run._told(model, classify, asked("a"), whole=True)).line)
    assert found == next(classify.answers(model, ["a"])).document


@pytest.mark.parametrize("whole", [False, True])
def test_what_cannot_be_used_does_not_keep_the_rest_from_an_answer(model, whole):
    told = list(run._told(model, classify, asked("a", "\u2028", "c"), whole=whole))
    said = "row 8: line 8 of a.txt is an empty text. Leave it out, or give at least one word."
    assert [None if one.error is None else str(one.error) for one in told] == [None, said, None]
    assert told[1].line == (json.dumps({"error": said}) if whole else "")
    assert told[0] == next(run._told(model, classify, asked("a"), whole=whole))


def test_answers_that_came_before_an_error_are_not_asked_for_again():
    class Task:
        n_asked = 0

        @classmethod
        def answers(cls, _model, given):
            for one in given:
                cls.n_asked += 1
                if one == "bad":
                    raise DataError("no")
                yield one

    told = list(run._answers(None, Task, asked("a", "bad", "c"), {}))
    assert (told[0], told[2], Task.n_asked) == ("a", "c", 4)
    assert str(told[1]) == "row 8: line 8 of a.txt: no"


def test_a_file_of_which_nothing_can_be_used_is_refused(model, tmp_path):
    (tmp_path / "a.tsv").write_text("x\t \ny\t \n")
    request = run.Request(tmp_path, Writing(), str(tmp_path / "a.tsv"))
    with pytest.raises(DataError, match=r"sequence 0 of a\.tsv is an empty text"):
        next(run._every(model, classify, request, {}))


def test_a_long_file_is_read_and_answered_several_at_a_time(model, tmp_path, monkeypatch):
    (tmp_path / "many.txt").write_text("line\n" * 2_500)
    read = []
    lines = run._line
    monkeypatch.setattr(run, "_line", lambda *each: read.append(each) or lines(*each))
    said = run._every(model, classify, run.Request(tmp_path, Writing(), str(tmp_path / "many.txt")), {})
    next(said)
    assert len(read) == 1_024
    assert len(list(said)) == 2_499


@pytest.mark.parametrize("name", ["a.txt", "A.TXT"])
def test_every_line_of_plain_text_has_an_answer(tmp_path, name):
    (tmp_path / name).write_text("one\n\ntwo two\n")
    assert sequences(run._parts(str(tmp_path / name), classify)) == [["one", None, "two two"]]
    assert sequences(run._parts(str(tmp_path / name), tag)) == [[["one"], None, ["two", "two"]]]


def test_other_files_are_read_as_their_task_does(tmp_path):
    (tmp_path / "a.csv").write_text("label,text\n,one\n")
    assert sequences(run._parts(str(tmp_path / "a.csv"), classify)) == [["one"]]
    (tmp_path / "a.conll").write_text("one O\ntwo O\n")
    assert sequences(run._parts(str(tmp_path / "a.conll"), tag)) == [[["one", "two"]]]


def test_columns_of_a_long_table_are_handed_on_and_refused_for_lines(tmp_path, model):
    (tmp_path / "a.csv").write_text("who,x\nn1,3\n")
    (part,) = run._parts(str(tmp_path / "a.csv"), classify, {"id": "who"})
    assert part[0].sequence.id == "n1"
    model.save(tmp_path / "model")
    with pytest.raises(SettingError, match=r"--id names a column of a long \.csv; leave it out for lines of text"):
        run.run(run.Request(tmp_path / "model", run.Writing(), "-", id="who"))


def test_lines_come_one_by_one():
    stream = itertools.chain([b"\xef\xbb\xbfone two\r\n", b" ", b"two"], itertools.repeat(b"more\n"))
    found = itertools.islice(run._lines(stream, tag), 4)
    assert [one.sequence for one in found] == [["one", "two"], None, ["two"], ["more"]]


def test_a_line_that_is_no_text_is_named_and_the_next_one_is_read():
    first, second, third = run._lines(iter([b"one\n", "f\u00fcnf\n".encode("latin-1"), b"two"]), classify)
    assert (first.sequence, first.error, second.sequence, third.sequence) == ("one", None, None, "two")
    said = "row 2: line 2 of standard input is not UTF-8: invalid start byte at byte 1. Save it as UTF-8 text."
    assert str(second.error) == said


def test_an_empty_line_is_something_to_go_on_from_where_the_task_says_so():
    found = run._lines(iter([b"one\n", b"\n", b" "]), generate)
    assert [one.sequence for one in found] == ["one", "", ""]


def test_without_standard_input_a_file_is_asked_for(model, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SettingError, match=r"There is no standard input\. Name a file as INPUT"):
        run._every(model, classify, run.Request(Path("made"), Writing()), {})


def test_a_stop_says_nothing_of_files(monkeypatch, capsys):
    def stopped(*_):
        yield run.Said("an answer")
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_every", stopped)
    monkeypatch.setattr(run, "_loaded", lambda _: None)
    monkeypatch.setattr(run, "_of_task", lambda *_: (None, classify))
    assert run.run(run.Request(Path("made"), Writing())) == 130
    assert capsys.readouterr() == ("an answer\n", "Stopped.\n")


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
