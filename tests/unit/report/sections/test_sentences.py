from types import SimpleNamespace

from tidegate.report.sections import sentences
from tidegate.tasks.trials.tagger import Example


def section(right, wrong, *, entities=True):
    trial = SimpleNamespace(right=right, wrong=wrong, judgement=SimpleNamespace(entities=entities))
    return sentences.section(trial)


def test_what_was_missed_is_marked(looked):
    one = Example(7, ["O", "B-a", "O"], 1, looked(["the", "Ann", "sat"], said=["O", "O", "B-a"], tagged=True))
    blocks = section([], [one])["blocks"]
    tagged = next(block for block in blocks if block["kind"] == "tagged")
    assert tagged["title"] == "Sentence 7"
    assert tagged["words"] == [["the", "", ""], ["Ann", "O", "B-a"], ["sat", "B-a", "O"]]
    why = next(block for block in blocks if block["kind"] == "tokens")
    assert why["title"] == "Why Ann is said to be O. Hiding a word divides the odds by up to 7.4"
    assert why["words"] == [["the", 0.0], ["Ann", 0.5], ["sat", 1.0]]


def test_tags_that_mark_no_entities_are_all_shown(looked):
    one = Example(0, ["O", "V"], 1, looked(["it", "is"], said=["O", "V"], tagged=True))
    made = section([one], [], entities=False)
    assert made["blocks"][1]["words"] == [["it", "O", ""], ["is", "V", ""]]
    assert "without a mark" not in made["lead"]


def test_the_first_of_each_side_shows_its_gates(looked):
    def one(k):
        return Example(k, ["x"], 0, looked(["a"], said=["x"], tagged=True))

    kinds = [block["kind"] for block in section([one(0), one(1)], [one(2)])["blocks"]]
    assert kinds == [
        "heading", "tagged", "tokens", "folded", "tagged", "tokens", "heading", "tagged", "tokens", "folded"
    ]  # fmt: skip


def test_an_empty_side_is_said():
    said = [block["sentences"] for block in section([], [])["blocks"] if block["kind"] == "text"]
    assert said == [["None: every test sentence has a mistake."], ["None: every test sentence was right."]]
