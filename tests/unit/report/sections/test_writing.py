from types import SimpleNamespace

import numpy as np

from tidegate.report.sections import writing
from tidegate.tasks.generation.trial import Sample


def test_texts_stand_as_they_are_under_their_temperature_and_label():
    samples = [Sample(0.5, None, ["a\nb"]), Sample(1.0, ["sea"], [["it", "ebbs"]])]
    made = writing.section(SimpleNamespace(written=samples))
    assert [one.get("title") for one in made["blocks"]] == ["Temperature 0.5", "", "Temperature 1", "For sea"]
    assert [one["text"] for one in made["blocks"][1::2]] == ["a\nb", "it ebbs"]


def test_melodies_are_drawn_by_the_keys_that_sound(specification):
    steps = np.zeros((100, 8), dtype=np.int8)
    steps[:, 2] = steps[1, 5] = 1
    made = writing.keys("Melody", steps)
    assert made["alt"].endswith("64 steps, on average 1.0 keys sound, from key 2 to key 5.")
    assert "The first 64 of 100 steps." in made["caption"]
    assert len(made["data"]["value"]) == 64 * 4
    assert sum(made["data"]["value"]) == 65
    assert specification(made)


def test_silence_is_drawn_too():
    assert sum(writing.keys("Melody", np.zeros((4, 3)))["data"]["value"]) == 0
