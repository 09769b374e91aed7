import numpy as np
import pytest

from tidegate.data.films import films


@pytest.fixture(scope="module")
def made():
    return films(300, seed=1)


def test_films_are_the_same_for_a_seed_and_others_for_another(made):
    again, others = films(300, seed=1), films(300, seed=2)
    assert all(np.array_equal(one, other) for one, other in zip(made.frames, again.frames, strict=True))
    assert made[1:] == again[1:]
    assert made.captions != others.captions
    assert {one.shape[1:] for one in made.frames} == {(16, 16)}
    assert {len(one) for one in made.frames} == set(range(10, 17))


def test_every_name_and_caption_occurs(made):
    assert len(set(made.names)) == 12
    assert len(set(made.captions)) == 48


def test_names_and_captions_say_what_the_frames_show(made):
    """The middle of what is drawn moves where the name says, at the pace of the caption."""
    ways = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    for frames, name, caption in zip(*made, strict=True):
        shape, way = name.split()
        assert f" {shape} moves " in caption
        assert caption.endswith(way)
        where = np.array([np.argwhere(frame > 0.5).mean(axis=0) for frame in (frames[2], frames[-3])])
        pace = (where[1] - where[0]) / (len(frames) - 5)
        wanted = (0.6 if "quickly" in caption else 0.25) * np.array(ways[way])
        np.testing.assert_allclose(pace, wanted, atol=0.15)


def test_large_ones_cover_more_than_small_ones(made):
    for shape in ("disc", "square", "cross"):
        covered = {
            size: np.mean(
                [
                    (frames[len(frames) // 2] > 0.5).sum()
                    for frames, caption in zip(made.frames, made.captions, strict=True)
                    if f"{size} {shape}" in caption
                ]
            )
            for size in ("small", "large")
        }
        assert covered["large"] > 1.5 * covered["small"]
