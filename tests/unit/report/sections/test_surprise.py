import numpy as np
import pytest

from tidegate import SequenceGenerator
from tidegate.report.sections import surprise
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.generation.examples import corpus_example
from tidegate.tasks.generation.trial import tried


def test_the_hardest_comes_first_shaded_by_surprise_to_its_end():
    texts = [f"{k % 7} and {k % 5}" for k in range(60)]
    trial = tried(SequenceGenerator(hidden_size=4, embedding=4), Corpus(texts, None), epochs=1)
    made = surprise.section(trial)
    table, heading, first, gates, *_ = made["blocks"]
    assert [row[1]["text"] for row in table["rows"]] == [
        f"{trial.judgement.score:.3f}", f"{trial.judgement.simple_score:.3f}"
    ]  # fmt: skip
    worst = trial.wrong[0]
    assert heading["title"] == "Hardest"
    assert first["title"].startswith(f"Sequence {worst.number}. {worst.score:.2f} bits per character")
    assert "".join(word for word, _ in first["words"]) == texts[worst.number] + "<end>"
    wanted = np.clip(worst.surprise / np.log2(len(trial.model.tokens_)), 0, 1)
    assert [share for _, share in first["words"]] == pytest.approx(wanted, abs=0.006)
    assert gates["title"] == "How open each gate was at each character"


def test_a_long_block_says_how_much_is_left_out():
    given, test = Corpus("ab cd" * 400, None), Corpus("ab cd" * 8_000, None)
    made = surprise.section(tried(SequenceGenerator(hidden_size=4, embedding=4), given, test, epochs=1))
    assert [one["cut"] for one in made["blocks"] if one["kind"] == "tokens"] == [200] * 8


def test_melodies_have_a_line_of_surprise(specification):
    trial = tried(SequenceGenerator(hidden_size=4), Corpus(corpus_example("melodies").sequences[:30], None), epochs=1)
    made = surprise.section(trial)
    figure = next(one for one in made["blocks"] if one["kind"] == "grid")["figures"][1]
    assert figure["data"]["lines"][0]["y"] == pytest.approx(trial.wrong[0].surprise[:64], rel=1e-2)
    assert specification(figure)
