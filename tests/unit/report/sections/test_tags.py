from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import tags
from tidegate.tasks.judging_tags import Answers, TagJudgement


def section(wanted, said):
    sides = [[np.array(one.split()) for one in side] for side in (wanted, said)]
    classes = np.unique(np.concatenate(sides[0]))
    new = [np.zeros(len(one), dtype=bool) for one in sides[0]]
    told = TagJudgement("lstm", "simple", classes, Answers(*sides, sides[1], sides[1], new))
    return tags.section(SimpleNamespace(judgement=told))


def test_entities_come_by_kind_and_their_tags_on_request():
    made = section(["B-a I-a O B-b"], ["B-a I-a O O"])
    kinds, by_tag, *_ = made["blocks"]
    assert [[cell["text"] for cell in row] for row in kinds["rows"]] == [
        ["a", "1", "100.0 %", "100.0 %", "100.0 %"], ["b", "1", "\u2013", "0.0 %", "0.0 %"]
    ]  # fmt: skip
    assert by_tag["folded"] == "The same for each tag"
    assert made["title"] == "Kind by kind"


def test_other_tags_come_by_tag_with_what_they_were_taken_for():
    made = section(["N V N", "V"], ["N N N", "V"])
    assert made["title"] == "Tag by tag"
    by_tag, _, taken = made["blocks"]
    assert not by_tag["folded"]
    assert [[cell["text"] or cell["mark"] for cell in row] for row in taken["rows"]] == [
        ["N", "2", ""],
        ["V", "1", "1"],
    ]


def test_of_many_tags_the_most_confused_pairs_are_listed():
    names = [f"T{k:02}" for k in range(12)]
    made = section([" ".join([*names, "T03", "T03"])], [" ".join([*names, "T05", "T05"])])
    assert made["blocks"][-1]["sentences"] == ["2 of 3 that are T03 were taken for T05."]
    right = section([" ".join(names)], [" ".join(names)])
    assert right["blocks"][-1]["sentences"] == ["No tag was taken for another."]
